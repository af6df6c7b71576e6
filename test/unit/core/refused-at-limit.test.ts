import { describe, expect, it } from "vitest";
import { ALGORITHMS, type AlgorithmName } from "../../../src/core/algorithms/index.ts";
import { LoadBalancer, type LoadBalancerOptions } from "../../../src/core/load-balancer.ts";
import type { Limiter, Server } from "../../../src/core/server/server.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server, tally, threeServers } from "../../support/servers.ts";

const AT_LIMIT: Limiter = { allows: () => false, take: () => false };
const FREE: Limiter = { allows: () => true, take: () => true };

/** How often each server is told of as refused, in so many first picks. */
function refusals(
  servers: readonly Server[],
  options: LoadBalancerOptions,
  requests: readonly object[],
): Record<string, number> {
  const balancer = new LoadBalancer(servers, { random: seededRandom(), ...options });
  const counts: Record<string, number> = {};
  const refused = ({ id }: Server) => {
    counts[id] = (counts[id] ?? 0) + 1;
  };
  for (const request of requests) balancer.decide(request, undefined, { refused });
  return counts;
}

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `key:${i}`, clientIp: `192.0.2.${i % 256}` }));

describe("a request is counted as refused at the server its algorithm would have picked", () => {
  const KEYLESS: AlgorithmName[] = ["round_robin", "weighted_round_robin", "random", "p2c", "peak_ewma"];

  it.each(KEYLESS)("%s: a third each of what three at their limits refuse", (algorithm) => {
    const servers = threeServers();
    for (const one of servers) one.limiter = AT_LIMIT;
    const counts = refusals(servers, { algorithm }, many(3_000));
    for (const { id } of servers)
      expect(Math.abs((counts[id] ?? 0) - 1_000), `${id}, seed ${SEED}`).toBeLessThan(100);
  });

  it.each(KEYLESS)("%s: a third of all at the one that is at its limit, none at the others", (algorithm) => {
    const servers = threeServers();
    for (const one of servers) one.limiter = one.id === "b" ? AT_LIMIT : FREE;
    const counts = refusals(servers, { algorithm }, many(3_000));
    expect(Object.keys(counts)).toEqual(["b"]);
    expect(Math.abs((counts.b ?? 0) - 1_000), `seed ${SEED}`).toBeLessThan(100);
  });

  it.each(ALGORITHMS)("%s: at no backup while a primary server can take it", (algorithm) => {
    const servers = [server("a"), server("b"), server("c", 1, { backup: true })];
    for (const one of servers) one.limiter = one.id === "a" ? FREE : AT_LIMIT;
    expect(refusals(servers, { algorithm }, many(600)).c).toBeUndefined();
  });

  it.each(ALGORITHMS)(
    "%s: once at a primary server and once at a backup where all are at their limits",
    (algorithm) => {
      const servers = [server("a"), server("b"), server("c", 1, { backup: true })];
      for (const one of servers) one.limiter = AT_LIMIT;
      const counts = refusals(servers, { algorithm }, many(600));
      expect([(counts.a ?? 0) + (counts.b ?? 0), counts.c]).toEqual([600, 600]);
    },
  );

  it("keys: at their owner alone, whoever else is at its limit", () => {
    const servers = threeServers();
    const owner = new LoadBalancer(servers, { algorithm: "consistent_hash" });
    const keys = many(900).filter((request) => owner.route(request)?.id === "a");
    for (const one of servers) one.limiter = one.id === "c" ? FREE : AT_LIMIT;
    expect(refusals(servers, { algorithm: "consistent_hash" }, keys)).toEqual({ a: keys.length });
    for (const one of servers) one.limiter = AT_LIMIT;
    expect(refusals(servers, { algorithm: "consistent_hash" }, keys)).toEqual({ a: keys.length });
    expect(refusals(servers, { algorithm: "consistent_hash", balanceFactor: 150 }, keys)).toEqual({
      a: keys.length,
    });
  });

  it("clients kept by address: at their owner alone", () => {
    const servers = threeServers();
    const owner = new LoadBalancer(servers, { sticky: { method: "ip" } });
    const clients = many(256).filter((request) => owner.route(request)?.id === "a");
    for (const one of servers) one.limiter = AT_LIMIT;
    expect(refusals(servers, { sticky: { method: "ip" } }, clients)).toEqual({ a: clients.length });
  });

  it("sessions: at the server they are pinned to alone", () => {
    const servers = threeServers();
    const balancer = new LoadBalancer(servers, { sticky: true });
    const request = { cookies: { session: "one" } };
    const pinned = balancer.route(request);
    for (const one of servers) one.limiter = AT_LIMIT;
    const counts = tally(50, () => {
      let told: Server | null = null;
      balancer.decide(request, undefined, {
        refused: (one) => {
          told = one;
        },
      });
      return told;
    });
    expect(counts).toEqual({ [pinned?.id ?? ""]: 50 });
  });

  it("nothing is refused where a server is only full, where nobody is at a limit, or in a failover", () => {
    const servers = threeServers();
    const [a, b] = servers;
    a.maxConnections = 0;
    b.limiter = FREE;
    expect(refusals(servers, {}, many(60))).toEqual({});
    for (const one of servers) one.limiter = AT_LIMIT;
    const balancer = new LoadBalancer(servers);
    const told: Server[] = [];
    balancer.decide({}, new Set([a]), { refused: (one) => told.push(one) });
    expect(told).toEqual([]);
  });
});
