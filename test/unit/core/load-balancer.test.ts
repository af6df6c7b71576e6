import { beforeEach, describe, expect, it } from "vitest";
import type { RouteRequest } from "../../../src/core/affinity/session-affinity.ts";
import { LoadBalancer, type LoadBalancerOptions } from "../../../src/core/load-balancer.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { seededRandom } from "../../support/random.ts";
import { server, serversOf, tally, threeServers } from "../../support/servers.ts";

let nowMs = 0;

beforeEach(() => {
  nowMs = 1_000_000;
});

const balancer = (servers: Iterable<Server>, options: LoadBalancerOptions = {}) =>
  new LoadBalancer(servers, { now: () => nowMs, random: seededRandom(), ...options });
const routes = (lb: LoadBalancer, count: number, request?: RouteRequest) =>
  Array.from({ length: count }, () => lb.route(request)?.id ?? "-").join(" ");

describe("a load balancer", () => {
  it("goes round robin unless told otherwise, and never meets the unhealthy one in 100 routes", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c]);
    expect(routes(lb, 4)).toBe("a b c a");
    b.healthy = false;
    expect(tally(100, () => lb.route({ clientIp: "192.0.2.1" }))).toEqual({ a: 50, c: 50 });
  });

  it("gives null without servers and with none eligible", () => {
    expect(balancer([]).route()).toBeNull();
    const [a] = threeServers();
    a.healthy = false;
    expect(balancer([a]).decide({})).toBeNull();
  });

  it("hashes by the request's key, else by the client's address", () => {
    const lb = balancer(serversOf(1, 1, 1, 1), { algorithm: "consistent_hash" });
    const ofNetwork = lb.route({ clientIp: "2001:db8:1:2::1" });
    expect(lb.route({ clientIp: "2001:db8:1:2::ffff" })).toBe(ofNetwork);
    const keyed = Array.from({ length: 20 }, (_, i) => lb.route({ clientIp: `192.0.2.${i}`, key: "tenant" }));
    expect(new Set(keyed).size).toBe(1);
    expect(new Set(Array.from({ length: 20 }, (_, i) => lb.route({ clientIp: `192.0.2.${i}` }))).size).toBe(
      4,
    );
    expect(routes(lb, 4), "nothing to hash").toBe("a b c d");
    expect(routes(lb, 4, { clientIp: "192.0.2.1", key: "" }), "an empty key is none").toBe("a b c d");
    expect(routes(lb, 4, { clientIp: "192.0.2.1", key: null }), "nor is null").toBe("a b c d");
  });

  it("takes an added server in and a removed one out at once", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b]);
    routes(lb, 2);
    lb.addServer(c);
    lb.addServer(c);
    expect(lb.servers).toEqual([a, b, c]);
    expect(tally(30, () => lb.route())).toEqual({ a: 10, b: 10, c: 10 });
    lb.removeServer(a);
    lb.removeServer(a);
    expect(tally(30, () => lb.route())).toEqual({ b: 15, c: 15 });
  });

  it("finds its servers by id", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c]);
    lb.removeServer("a");
    lb.drain("b");
    lb.removeServer("nobody");
    lb.drain("nobody");
    expect(tally(10, () => lb.route())).toEqual({ c: 10 });
    lb.undrain("b");
    expect(tally(10, () => lb.route())).toEqual({ b: 5, c: 5 });
  });

  it("goes by changed weights within a cycle, and by those of a server added since (ENV-WRR-01)", () => {
    const [a, b] = [server("a", 1), server("b", 2)];
    const lb = balancer([a, b], { algorithm: "weighted_round_robin" });
    expect(tally(6, () => lb.route())).toEqual({ a: 2, b: 4 });
    a.weight = 2;
    b.weight = 1;
    const after = tally(8, () => lb.route());
    expect(Math.abs((after.a ?? 0) - 5)).toBeLessThanOrEqual(1);
    lb.addServer(server("c", 3));
    expect(tally(12, () => lb.route())).toEqual({ a: 4, b: 2, c: 6 });
  });

  it("does not share its list with the caller", () => {
    const [a, b, c] = threeServers();
    const list = [a, b, a];
    const lb = balancer(list);
    list.push(c);
    expect(lb.servers).toEqual([a, b]);
  });

  it("uses all servers when too few are healthy, and reports the panic", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c], { panicThreshold: 50 });
    a.healthy = false;
    expect(lb.panicking).toBe(false);
    b.healthy = false;
    expect(lb.panicking).toBe(true);
    expect(routes(lb, 3)).toBe("a b c");
  });
});

describe("decisions", () => {
  it("have a reason, and on failover choose a server that was not tried", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b]);
    expect(lb.decide({})).toEqual({ server: a, reason: "algorithm" });
    expect(lb.decide({}, new Set([a]))).toEqual({ server: b, reason: "failover" });
    expect(lb.decide({}, new Set())).toEqual({ server: b, reason: "algorithm" });
    expect(lb.route({}, new Set([a]))).toBe(b);
  });
});

describe("statistics", () => {
  it("count what was routed and how it ended", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c]);
    expect(lb.stats()).toMatchObject({ requests: 0, error_rate: 0, p50: null, p99: null });
    routes(lb, 4);
    lb.connect(a);
    lb.disconnect(b);
    for (const [failed, latencyMs] of [
      [false, 10],
      [false, 20],
      [true, 30],
      [false, 1_000],
    ] as const) {
      lb.report(a, { failed, latencyMs });
    }
    b.healthy = false;
    const stats = lb.stats();
    expect(stats).toMatchObject({
      requests: 4,
      requests_per_server: { a: 2, b: 1, c: 1 },
      errors: 1,
      error_rate: 0.25,
      active_connections: 1,
      active_connections_per_server: { a: 1, b: 0, c: 0 },
      healthy_servers: 2,
    });
    expect(Math.abs((stats.p50 ?? 0) - 20), "to within 1%").toBeLessThanOrEqual(0.2);
  });

  it("do not count requests without a server, and never decrease when a server is removed", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b]);
    routes(lb, 4);
    lb.removeServer(b);
    a.healthy = false;
    expect(lb.route()).toBeNull();
    expect(lb.stats()).toMatchObject({ requests: 4, requests_per_server: { a: 2 } });
  });

  it("feed peak EWMA, which leaves a slow server", () => {
    const [a, b] = [server("a"), server("b")];
    const lb = balancer([a, b], { algorithm: "peak_ewma" });
    lb.report(a, { failed: false, latencyMs: 900 });
    lb.report(b, { failed: false, latencyMs: 30 });
    expect(tally(20, () => lb.route())).toEqual({ b: 20 });
  });
});
