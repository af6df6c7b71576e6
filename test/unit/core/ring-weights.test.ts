import { describe, expect, it } from "vitest";
import { RingHash } from "../../../src/core/algorithms/ring-hash.ts";
import { DEFAULT_VIRTUAL_NODES } from "../../../src/core/hash/consistent-hash.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { server, serversOf, tally } from "../../support/servers.ts";

const KEYS = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
const owners = (servers: readonly Server[]) => {
  const ring = new RingHash(servers);
  return KEYS.map((key) => ring.next({ key })?.id);
};
const shareOf = (id: string, servers: readonly Server[]) => {
  const ring = new RingHash(servers);
  return (tally(KEYS.length, (i) => ring.next({ key: KEYS[i] ?? "" }))[id] ?? 0) / KEYS.length;
};

describe("weights of servers on a ring", () => {
  it.each([1_000, 0.01, 7])("are relative: with %d each it is the ring of weight 1", (weight) => {
    expect(owners(serversOf(weight, weight, weight))).toEqual(owners(serversOf(1, 1, 1)));
  });

  it("share keys in proportion, whatever their size", () => {
    for (const unit of [1, 1_000, 0.01]) {
      expect(Math.abs(shareOf("b", serversOf(unit, 3 * unit)) - 0.75), `unit ${unit}`).toBeLessThan(0.06);
    }
  });

  it(`give at most ten times ${DEFAULT_VIRTUAL_NODES} points and at least one`, () => {
    const many = [server("heavy", 10_000), ...Array.from({ length: 99 }, (_, i) => server(`s${i}`, 1))];
    // 1,500 points beside 99 times one, or two where 1.48 is rounded up.
    const share = shareOf("heavy", many);
    expect(share).toBeGreaterThan(0.85);
    expect(share).toBeLessThan(1);
  });

  it("do not count across priorities: a heavy backup leaves the others their points", () => {
    const backup = server("z", 10_000, { backup: true });
    expect(owners([...serversOf(1, 1, 1), backup])).toEqual(owners(serversOf(1, 1, 1)));
  });

  it("are those of all servers, so that a disabled or unhealthy one moves only its own keys", () => {
    const servers = serversOf(1, 2, 6);
    const before = owners(servers);
    const [, , c] = servers;
    for (const change of [{ enabled: false }, { enabled: true, healthy: false }]) {
      Object.assign(c ?? {}, change);
      for (const [i, owner] of owners(servers).entries())
        if (before[i] !== "c") expect(owner).toBe(before[i]);
    }
  });

  it("are followed when an unhealthy server's changes: the ring depends on nothing it saw before", () => {
    const servers = serversOf(1, 1, 1);
    const [, , c] = servers;
    const ring = new RingHash(servers);
    Object.assign(c ?? {}, { healthy: false });
    ring.next({ key: "x" });
    Object.assign(c ?? {}, { weight: 8 });
    expect(KEYS.map((key) => ring.next({ key })?.id)).toEqual(owners(servers));
  });
});

describe("bounded loads", () => {
  it("use connections that are still open, not the other isolates' connections that have ended", () => {
    const servers = serversOf(1, 1);
    const ring = new RingHash(servers, { balanceFactor: 125 });
    const before = KEYS.slice(0, 200).map((key) => ring.next({ key })?.id);
    for (const one of servers)
      if (one.id === "a") Object.assign(one, { activeConnections: 4, staleConnections: 4 });
    expect(KEYS.slice(0, 200).map((key) => ring.next({ key })?.id)).toEqual(before);
    for (const one of servers) one.staleConnections = 0;
    expect(new Set(KEYS.slice(0, 200).map((key) => ring.next({ key })?.id))).toEqual(new Set(["b"]));
  });
});
