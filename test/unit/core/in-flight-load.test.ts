import { describe, expect, it } from "vitest";
import { InFlightLoad } from "../../../src/core/algorithms/in-flight-load.ts";
import type { AlgorithmName } from "../../../src/core/algorithms/index.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server } from "../../support/servers.ts";

describe("the load of a server", () => {
  it("is its requests in flight per weight", () => {
    const a = server("a", 4);
    const load = new InFlightLoad();
    expect(load.get(a, 0)).toBe(0);
    a.activeConnections = 6;
    expect(load.get(a, 0)).toBe(1.5);
  });

  it("is one more for each failure, which is forgotten over about a second", () => {
    const [a, b] = [server("a"), server("b")];
    const load = new InFlightLoad();
    load.recordFailure(a, 0);
    expect([load.get(a, 0), load.get(b, 0)]).toEqual([1, 0]);
    expect(load.get(a, 690)).toBe(1);
    expect(load.get(a, 700), "less than half of one is none").toBe(0);
    for (let i = 0; i < 100; i++) load.recordFailure(a, 10_000);
    expect(load.get(a, 10_000)).toBe(100);
    expect(load.get(a, 11_000)).toBe(37);
    expect(load.get(a, 16_000)).toBe(0);
  });

  it("counts failures by weight, too, and survives a clock that steps back", () => {
    const a = server("a", 2);
    const load = new InFlightLoad();
    load.recordFailure(a, 5_000);
    load.recordFailure(a, 4_000);
    expect(load.get(a, 3_000)).toBe(1);
  });
});

const SERVICE_MS = 50;
const FAILS_AFTER_MS = 1;
const CLIENTS = 30;
const LENGTH_MS = 60_000;

/** Clients that send one request after the other to two servers that work and one that fails at once. */
function shareOfFailing(algorithm: AlgorithmName): number {
  let nowMs = 0;
  const bad = server("bad");
  const balancer = new LoadBalancer([server("a"), bad, server("b")], {
    algorithm,
    now: () => nowMs,
    random: seededRandom(SEED),
  });
  const ends = new Map<number, (() => void)[]>();
  let toBad = 0;
  const send = (): void => {
    const picked = balancer.route();
    if (picked === null) throw new Error("all are eligible");
    balancer.connect(picked);
    const failed = picked === bad;
    if (failed) toBad++;
    const latencyMs = failed ? FAILS_AFTER_MS : SERVICE_MS;
    const end = (): void => {
      balancer.disconnect(picked);
      balancer.report(picked, { failed, latencyMs });
      send();
    };
    ends.set(nowMs + latencyMs, [...(ends.get(nowMs + latencyMs) ?? []), end]);
  };
  for (let client = 0; client < CLIENTS; client++) send();
  for (; nowMs < LENGTH_MS; nowMs++) {
    for (const end of ends.get(nowMs) ?? []) end();
    ends.delete(nowMs);
  }
  return toBad / balancer.stats().requests;
}

describe("a server that fails at once", () => {
  it.each<AlgorithmName>(["least_connections", "p2c", "peak_ewma"])(
    "does not look idle to %s: it gets a small share of the requests, not most of them",
    (algorithm) => {
      expect(shareOfFailing(algorithm), `seed ${SEED}`).toBeLessThan(0.1);
    },
  );

  it("gets its requests again once it works", () => {
    let nowMs = 0;
    const [a, b] = [server("a"), server("b")];
    const balancer = new LoadBalancer([a, b], { algorithm: "least_connections", now: () => nowMs });
    for (let i = 0; i < 20; i++) balancer.report(b, { failed: true, latencyMs: 1 });
    const picks = () => Array.from({ length: 4 }, () => balancer.route()?.id).join("");
    expect(picks()).toBe("aaaa");
    nowMs = 5_000;
    expect(picks()).toBe("baba");
  });
});
