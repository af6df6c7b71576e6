/**
 * What an isolate makes of snapshots: everything a pick needs, once, and not again for what has not changed.
 */
import { describe, expect, it, vi } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import type { OriginState, SyncReply } from "../../src/contract/sync.ts";
import { Server } from "../../src/core/server/server.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { WELL } from "../support/well.ts";

let version = 0;

function snapshot(
  document: Record<string, unknown>,
  states: Record<string, Partial<OriginState>> = {},
): SyncReply {
  const origins = ["a", "b", "c"].map((id) => ({ id, url: `https://${id}.example` }));
  const parsed = parsePool({ origins, ...document });
  if (!parsed.ok) throw new Error("the fixture is no configuration");
  const config = structuredClone(parsed.value);
  const all = Object.fromEntries(config.origins.map(({ id }) => [id, { ...WELL, ...states[id] }]));
  return {
    snapshot: { version: ++version, config, origins: all },
    cursor: { start: 0, end: 100 },
    active: {},
    next_sync_ms: 1_000,
    configured: true,
  };
}

const newPool = () => new EdgePool("p", () => 0);
const pick = (pool: EdgePool, key: string | null = null) =>
  pool.activePool?.balancer.decide({ key } as never)?.server.id ?? null;

describe("a snapshot", () => {
  it("that only changes the status of origins keeps the balancer, which follows it", () => {
    const pool = newPool();
    pool.apply(snapshot({ algorithm: "consistent_hash" }), 0);
    const { balancer } = pool.activePool ?? {};
    const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
    const before = keys.map((key) => pick(pool, key));
    pool.apply(snapshot({ algorithm: "consistent_hash" }, { a: { healthy: false } }), 0);
    expect(pool.activePool?.balancer).toBe(balancer);
    for (const [i, key] of keys.entries()) {
      if (before[i] === "a") expect(pick(pool, key)).not.toBe("a");
      else expect(pick(pool, key)).toBe(before[i]);
    }
  });

  it.each([
    ["algorithm", { algorithm: "random" }],
    ["panic threshold", { panic_threshold: 50 }],
    ["sessions", { sticky: true }],
    ["origins", { origins: [{ id: "a", url: "https://a.example" }] }],
  ])("that changes the %s makes a new one", (_name, change) => {
    const pool = newPool();
    pool.apply(snapshot({}), 0);
    const { balancer } = pool.activePool ?? {};
    pool.apply(snapshot(change), 0);
    expect(pool.activePool?.balancer).not.toBe(balancer);
  });

  it("that changes weights changes the schedule of the same balancer", () => {
    const pool = newPool();
    const weighted = (weight: number) => ({
      algorithm: "weighted_round_robin",
      origins: [
        { id: "a", url: "https://a.example", weight },
        { id: "b", url: "https://b.example" },
      ],
    });
    pool.apply(snapshot(weighted(1)), 0);
    expect([1, 2, 3, 4].map(() => pick(pool)).join("")).toBe("abab");
    pool.apply(snapshot(weighted(3)), 0);
    expect([1, 2, 3, 4].map(() => pick(pool)).join("")).toBe("aaba");
  });

  it("that says an origin is back ends what the isolate saw of it before, and one that says nothing of it does not", () => {
    const pool = newPool();
    pool.apply(snapshot({}), 0);
    const [lost, other] = [pool.server("a"), pool.server("b")];
    if (lost === null || other === null) throw new Error("no such origins");
    for (const server of [lost, other]) pool.ended(server, "connect_failure", 1);
    pool.apply(snapshot({}, { a: { ejected: true } }), 0);
    expect([...pool.recentlyUnreachable.list()]).toEqual([lost, other]);
    pool.apply(snapshot({}), 0);
    expect([...pool.recentlyUnreachable.list()]).toEqual([other]);
  });

  it("that leaves only origins which the isolate has ejected by itself ends these ejections", () => {
    const pool = newPool();
    const document = { outlier_detection: { consecutive_failures: 2, max_ejection_percent: 100 } };
    pool.apply(snapshot(document), 0);
    const own = pool.server("a");
    if (own === null) throw new Error("no such origin");
    for (let i = 0; i < 2; i++) pool.ended(own, "timeout", 1);
    pool.apply(snapshot(document, { b: { ejected: true } }), 0);
    expect(["a", "b", "c"].filter((id) => pool.server(id)?.ejected)).toEqual(["a", "b"]);
    pool.apply(snapshot(document, { b: { ejected: true }, c: { healthy: false } }), 0);
    expect(["a", "b", "c"].filter((id) => pool.server(id)?.ejected)).toEqual(["b"]);
    expect(pick(pool)).toBe("a");
  });

  it("does not make an isolate forget its own observations", () => {
    const pool = newPool();
    const document = { outlier_detection: { consecutive_failures: 5 } };
    pool.apply(snapshot(document), 0);
    const bad = pool.server("a");
    if (bad === null) throw new Error("no such origin");
    for (let i = 0; i < 4; i++) pool.ended(bad, "timeout", 1);
    pool.apply(snapshot(document, { b: { weight_factor: 0.5 } }), 0);
    expect(bad.ejected).toBe(false);
    pool.ended(bad, "timeout", 1);
    expect(bad.ejected).toBe(true);
  });

  it("without an origin ends what the isolate knows of it, also what attempts that were under way tell later", () => {
    const pool = newPool();
    const document = { outlier_detection: { consecutive_failures: 3, minimum_requests: 100 } };
    pool.apply(snapshot(document), 0);
    const before = pool.server("a");
    if (before === null) throw new Error("no such origin");
    pool.apply(snapshot({ ...document, origins: [{ id: "b", url: "https://b.example" }] }), 0);
    for (let i = 0; i < 2; i++) pool.ended(before, "connect_failure", 1);
    expect([...pool.recentlyUnreachable.list()]).toEqual([]);
    pool.apply(snapshot(document), 0);
    const anew = pool.server("a");
    if (anew === null || anew === before) throw new Error("no new origin");
    for (let i = 0; i < 2; i++) pool.ended(anew, "timeout", 1);
    expect(anew.ejected).toBe(false);
    pool.ended(anew, "timeout", 1);
    expect(anew.ejected).toBe(true);
    const outcomes = pool.outcomes.take().get("a")?.report.outcomes;
    expect(outcomes, "they are reported all the same").toEqual({ connect_failure: 2, timeout: 3 });
  });
});

describe("the tables for picks", () => {
  it.each([
    ["weighted_round_robin", {}],
    ["consistent_hash", {}],
    ["round_robin", { sticky: { method: "ip" } }],
  ])("are there before the first request: none makes those of %s", (algorithm, more) => {
    const pool = newPool();
    pool.apply(snapshot({ algorithm, ...more }), 0);
    const weights = vi.spyOn(Server.prototype, "effectiveWeight", "get");
    const decision = pool.activePool?.balancer.decide({ key: "k", clientIp: "192.0.2.1" } as never);
    expect(decision).not.toBeNull();
    expect(weights, "a table would be made of weights").not.toHaveBeenCalled();
    weights.mockRestore();
  });
});
