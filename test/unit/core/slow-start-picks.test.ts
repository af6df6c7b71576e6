import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  type AlgorithmName,
  algorithmEntry,
  createAlgorithm,
} from "../../../src/core/algorithms/index.ts";
import { RingHash } from "../../../src/core/algorithms/ring-hash.ts";
import { LeasedCursor } from "../../../src/core/cursor/cursor-lease.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { picks, server, serversOf, tally, threeServers } from "../../support/servers.ts";

const KEYS = Array.from({ length: 6_000 }, (_, i) => `key:${i}`);

/** `first` gives all to one server (test/unit/core/first.test.ts). */
const SHARING = ALGORITHMS.filter((name) => algorithmEntry(name).sharedBy !== "order");

describe("a server that starts slowly", () => {
  it.each(SHARING.flatMap((name) => [0.1, 0.25, 0.5, 0.9].map((factor) => ({ name, factor }))))(
    "gets $factor of the picks it would get, with $name",
    ({ name, factor }) => {
      const servers = threeServers();
      servers[1].weightFactor = factor;
      const algorithm = createAlgorithm(name, servers, { random: seededRandom() });
      const counts = tally(KEYS.length, (i) => algorithm.next({ key: KEYS[i] ?? null }));
      const share = (counts.b ?? 0) / KEYS.length;
      // Of a consistent hash's keys it has so much of its own, which are a third of them as near as a ring is.
      const full = createAlgorithm(name, threeServers(), { random: seededRandom() });
      const own = (tally(KEYS.length, (i) => full.next({ key: KEYS[i] ?? null })).b ?? 0) / KEYS.length;
      const want = name === "consistent_hash" ? own * factor : factor / (2 + factor);
      expect(Math.abs(share - want), `seed ${SEED}`).toBeLessThan(0.02);
    },
  );

  it("leaves round robin unchanged once all have their full weight, at any position of the cursor", () => {
    const servers = threeServers();
    const [, b] = servers;
    b.weightFactor = 0.5;
    const algorithm = createAlgorithm("round_robin", servers);
    expect(picks(algorithm, 5)).toBe("a c b a c");
    b.weightFactor = 1;
    expect(picks(algorithm, 4)).toBe("c a b c");
  });

  it("counts from a leased cursor: two isolates with parts of a range serve what one would", () => {
    const one = serversOf(1, 1, 1);
    const make = (from: number, to: number) => {
      const servers = serversOf(1, 1, 1);
      for (const each of servers) each.weightFactor = each.id === "b" ? 0.5 : 1;
      const cursor = new LeasedCursor(0);
      cursor.lease({ start: from, end: to });
      return createAlgorithm("round_robin", servers, { cursor });
    };
    for (const each of one) each.weightFactor = each.id === "b" ? 0.5 : 1;
    const alone = picks(createAlgorithm("round_robin", one), 20);
    expect(`${picks(make(0, 7), 7)} ${picks(make(7, 20), 13)}`).toBe(alone);
  });

  it("shares what full servers cannot take by the factors of the others, with round robin", () => {
    const servers = [server("a", 1, { maxConnections: 1 }), server("b"), server("c")];
    const [a, b] = servers;
    if (a === undefined || b === undefined) throw new Error("no servers");
    a.activeConnections = 1;
    b.weightFactor = 0.5;
    const algorithm = createAlgorithm("round_robin", servers);
    expect(tally(600, () => algorithm.next())).toEqual({ b: 200, c: 400 });
  });

  it("takes its part of failover picks, too", () => {
    const servers = threeServers();
    const [a, b] = servers;
    b.weightFactor = 0.25;
    const algorithm = createAlgorithm("round_robin", servers);
    expect(tally(500, () => algorithm.next({ tried: new Set([a]) }))).toEqual({ b: 100, c: 400 });
  });

  it.each<AlgorithmName>(["round_robin", "least_connections"])(
    "is like all others where all do, with %s",
    (name) => {
      const servers = threeServers();
      for (const one of servers) one.weightFactor = 0.3;
      expect(picks(createAlgorithm(name, servers), 6)).toBe("a b c a b c");
    },
  );
});

describe("slow start on a ring", () => {
  const owners = (ring: RingHash) => new Map(KEYS.map((key) => [key, ring.next({ key })?.id]));

  it("moves each key to the server once, and no other key", () => {
    const servers = threeServers();
    const [, b] = servers;
    const full = owners(new RingHash(servers));
    const ring = new RingHash(servers);
    b.healthy = false;
    let before = owners(ring);
    b.healthy = true;
    for (const factor of [0.1, 0.2, 0.4, 0.7, 1]) {
      b.weightFactor = factor;
      const now = owners(ring);
      for (const key of KEYS) {
        const [was, is] = [before.get(key), now.get(key)];
        expect(
          is === was || (is === "b" && full.get(key) === "b"),
          `${key} at ${factor}: ${was} to ${is}`,
        ).toBe(true);
      }
      before = now;
    }
    expect(before).toEqual(full);
  });

  it("gives the same picks in each isolate, whatever its history", () => {
    const [first, second] = [threeServers(), threeServers()];
    const used = new RingHash(first);
    for (const factor of [0.1, 0.3, 0.5]) {
      first[1].weightFactor = factor;
      owners(used);
    }
    second[1].weightFactor = 0.5;
    expect(owners(new RingHash(second))).toEqual(owners(used));
  });

  it("moves no key while all eligible servers start slowly", () => {
    const servers = threeServers();
    const full = owners(new RingHash(servers));
    for (const one of servers) one.weightFactor = 0.1;
    const [a, b, c] = servers;
    b.healthy = false;
    const without = owners(new RingHash(servers));
    for (const [key, owner] of full) if (owner !== "b") expect([a.id, c.id]).toContain(without.get(key));
    const alone = new RingHash([a]);
    expect(new Set(owners(alone).values())).toEqual(new Set(["a"]));
  });

  it("works for clients kept by address", () => {
    const servers = threeServers();
    servers[1].weightFactor = 0.1;
    const balancer = new LoadBalancer(servers, { sticky: { method: "ip" } });
    const counts = tally(3_000, (i) => balancer.route({ clientIp: `10.0.${i >> 8}.${i & 255}` }));
    expect(counts.b ?? 0).toBeLessThan(200);
    expect(counts.b ?? 0).toBeGreaterThan(50);
  });
});
