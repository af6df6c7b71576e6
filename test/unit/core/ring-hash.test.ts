import { describe, expect, it } from "vitest";
import { RingHash } from "../../../src/core/algorithms/ring-hash.ts";
import { ConsistentHash } from "../../../src/core/hash/consistent-hash.ts";
import { Candidates } from "../../../src/core/server/candidates.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { picks, server, serversOf, threeServers } from "../../support/servers.ts";

const keys = Array.from({ length: 600 }, (_, i) => `key:${i}`);
const ownersOf = (ring: RingHash) => keys.map((key) => ring.next({ key })?.id ?? "-");

describe("the hash ring over servers", () => {
  it("answers as the ring of their ids and weights does, the mean weight taken for 1", () => {
    const servers = [server("a", 1), server("b", 2), server("c", 3)];
    const plain = new ConsistentHash();
    for (const one of servers) plain.addNode(one.id, one.weight / 2);
    expect(ownersOf(new RingHash(servers))).toEqual(keys.map((key) => plain.getNode(key)));
  });

  it("goes round robin without a key", () => {
    const ring = new RingHash(threeServers());
    expect(picks(ring, 3)).toBe("a b c");
    expect(picks(ring, 2, { key: null })).toBe("a b");
    expect(picks(ring, 2, { key: "" })).toBe("c a");
  });

  it("moves only an ineligible server's keys, clockwise, and returns them", () => {
    const [a, b, c] = threeServers();
    const ring = new RingHash([a, b, c]);
    const plain = new ConsistentHash(["a", "b", "c"]);
    const before = ownersOf(ring);
    b.healthy = false;
    expect(ownersOf(ring)).toEqual(keys.map((key) => plain.getNode(key, (id) => id !== "b")));
    b.healthy = true;
    expect(ownersOf(ring)).toEqual(before);
  });

  it("leaves the others' keys alone when a server is full", () => {
    const [a, b, c] = [server("a"), server("b", 1, { maxConnections: 1 }), server("c")];
    const ring = new RingHash([a, b, c]);
    const before = ownersOf(ring);
    b.activeConnections = 1;
    const after = ownersOf(ring);
    for (const [i, owner] of before.entries()) {
      if (owner === "b") expect(after[i]).not.toBe("b");
      else expect(after[i]).toBe(owner);
    }
  });

  it("goes to a different server at each attempt, and to a tried one once there is no other (ENV-RING-02)", () => {
    const servers = serversOf(1, 1, 1, 1, 1, 1);
    const ring = new RingHash(servers);
    const tried = new Set<Server>();
    for (let attempt = 0; attempt < 6; attempt++) {
      const pick = ring.next({ key: "10", tried });
      expect(pick).not.toBeNull();
      if (pick !== null) tried.add(pick);
      expect(tried.size).toBe(attempt + 1);
    }
    expect(ring.next({ key: "10", tried })).not.toBeNull();
  });

  it("follows a changed weight and another list of servers", () => {
    const [a, b, c] = threeServers();
    const servers: Server[] = [a, b];
    const candidates = new Candidates(servers);
    const ring = new RingHash(candidates);
    ownersOf(ring);
    const plain = new ConsistentHash();
    const check = () => expect(ownersOf(ring)).toEqual(keys.map((key) => plain.getNode(key)));
    a.weight = 3;
    // The mean is 2, and has 150 points.
    plain.addNode("a", 1.5);
    plain.addNode("b", 0.5);
    check();
    servers.splice(1, 1, c);
    candidates.invalidate();
    plain.removeNode("b");
    plain.addNode("c", 0.5);
    check();
  });

  it("gives weight 0 no keys", () => {
    expect(ownersOf(new RingHash(serversOf(1, 0, 1)))).not.toContain("b");
  });
});

describe("bounded loads", () => {
  // Mirrokni, Thorup, Zadimoghaddam: no server above ceil(c m / n).
  it.each([1.25, 1.5, 2])("no server holds more than %d times its share of 10,000 (CHBL-01)", (c) => {
    const servers = Array.from({ length: 10 }, (_, i) => server(`s${i}`));
    const ring = new RingHash(servers, { balanceFactor: c * 100 });
    for (let i = 0; i < 10_000; i++) {
      const pick = ring.next({ key: `key:${i}` });
      if (pick !== null) pick.activeConnections++;
    }
    const loads = servers.map((one) => one.activeConnections);
    expect(loads.reduce((sum, load) => sum + load, 0)).toBe(10_000);
    expect(Math.max(...loads)).toBeLessThanOrEqual(Math.ceil(c * 1_000));
  });

  it("holds by weight, though all have the same key", () => {
    const servers = [server("a", 1), server("b", 3)];
    const ring = new RingHash(servers, { balanceFactor: 125 });
    for (let i = 0; i < 400; i++) {
      const pick = ring.next({ key: "one" });
      if (pick !== null) pick.activeConnections++;
    }
    const [a = 0, b = 0] = servers.map((one) => one.activeConnections);
    expect(a).toBeLessThanOrEqual(125);
    expect(b).toBeLessThanOrEqual(375);
  });

  it("an overloaded owner's keys go to different servers, and return when it is free (ENV-BL-01)", () => {
    const servers = serversOf(1, 1, 1, 1, 1);
    const ring = new RingHash(servers, { balanceFactor: 150 });
    const before = ownersOf(ring);
    const [owner] = servers;
    if (owner === undefined) throw new Error("no servers");
    for (const one of servers) one.activeConnections = 10;
    owner.activeConnections = 100;
    const moved = ownersOf(ring).filter((_, i) => before[i] === "a");
    expect(moved).not.toContain("a");
    expect(new Set(moved).size, "no cascade on one neighbour").toBeGreaterThan(2);
    owner.activeConnections = 10;
    expect(ownersOf(ring)).toEqual(before);
  });

  it("holds to the request where the share is a whole number: 55 of 500 at 110 percent of ten", () => {
    const servers = Array.from({ length: 10 }, (_, i) => server(`s${i}`));
    const ring = new RingHash(servers, { balanceFactor: 110 });
    for (let i = 0; i < 500; i++) {
      const pick = ring.next({ key: "one" });
      if (pick !== null) pick.activeConnections++;
    }
    expect(Math.max(...servers.map((one) => one.activeConnections))).toBe(55);
  });

  it("count the request to be placed: of two servers one may have the second request, at 150 percent", () => {
    const servers = serversOf(1, 1);
    const owner = new RingHash(servers).next({ key: "one" });
    if (owner === null) throw new Error("no servers");
    const ring = new RingHash(servers, { balanceFactor: 150 });
    owner.activeConnections = 1;
    expect(ring.next({ key: "one" })).toBe(owner);
    owner.activeConnections = 2;
    expect(ring.next({ key: "one" }), "3 in flight: ceil(2.25), so a third is allowed, too").toBe(owner);
    owner.activeConnections = 3;
    expect(ring.next({ key: "one" }), "4 in flight: 3 at most").not.toBe(owner);
  });

  it("the first request of all goes to its owner", () => {
    const servers = serversOf(1, 1, 1);
    const bounded = new RingHash(servers, { balanceFactor: 100 });
    expect(ownersOf(bounded)).toEqual(ownersOf(new RingHash(servers)));
  });
});
