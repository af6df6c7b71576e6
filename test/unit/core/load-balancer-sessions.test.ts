import { beforeEach, describe, expect, it } from "vitest";
import type { RouteRequest } from "../../../src/core/affinity/session-affinity.ts";
import { LoadBalancer, type LoadBalancerOptions } from "../../../src/core/load-balancer.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { seededRandom } from "../../support/random.ts";
import { tally, threeServers } from "../../support/servers.ts";

let nowMs = 0;

beforeEach(() => {
  nowMs = 1_000_000;
});

const balancer = (servers: Iterable<Server>, options: LoadBalancerOptions = {}) =>
  new LoadBalancer(servers, { now: () => nowMs, random: seededRandom(), ...options });
const routes = (lb: LoadBalancer, count: number, request?: RouteRequest) =>
  Array.from({ length: count }, () => lb.route(request)?.id ?? "-").join(" ");
const session = (id: string): RouteRequest => ({ clientIp: "192.0.2.1", cookies: { session_id: id } });

describe("sticky sessions", () => {
  it("keep a cookie's session where it began, and an address without one", () => {
    const lb = balancer(threeServers(), { sticky: true });
    expect(routes(lb, 3, session("one"))).toBe("a a a");
    expect(routes(lb, 3, session("two"))).toBe("b b b");
    expect(routes(lb, 3, { clientIp: "198.51.100.7" })).toBe("c c c");
    expect(routes(lb, 2, session("one"))).toBe("a a");
    expect(lb.decide(session("one"))?.reason).toBe("affinity");
  });

  it("move when their server turns unhealthy, and stay where they moved", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c], { sticky: true });
    routes(lb, 1, session("one"));
    a.healthy = false;
    const moved = lb.route(session("one"));
    expect(moved).not.toBe(a);
    a.healthy = true;
    expect(new Set(Array.from({ length: 5 }, () => lb.route(session("one"))))).toEqual(new Set([moved]));
  });

  it("are served elsewhere while their server is at its limit, without moving", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b], { sticky: true });
    expect(lb.route(session("one"))).toBe(a);
    a.maxConnections = 1;
    lb.connect(a);
    expect(lb.decide(session("one"))).toEqual({ server: b, reason: "algorithm" });
    lb.disconnect(a);
    expect(lb.decide(session("one"))).toEqual({ server: a, reason: "affinity" });
  });

  it("do not move when the stand-in of their busy server fails either", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c], { sticky: true });
    expect(lb.route(session("one"))).toBe(a);
    a.maxConnections = 1;
    lb.connect(a);
    const standIn = lb.route(session("one"));
    expect(lb.decide(session("one"), new Set(standIn === null ? [] : [standIn]))?.reason).toBe("failover");
    lb.disconnect(a);
    expect(lb.route(session("one"))).toBe(a);
  });

  it("move when their server failed this very request", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b], { sticky: true });
    expect(lb.route(session("one"))).toBe(a);
    expect(lb.decide(session("one"), new Set([a]))).toEqual({ server: b, reason: "failover" });
    expect(lb.decide(session("one"))).toEqual({ server: b, reason: "affinity" });
  });

  it("stay on a draining server that gets no others, until it is drained", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b], { sticky: true });
    expect(lb.route(session("old"))).toBe(a);
    lb.drain(a);
    expect(routes(lb, 3, session("old"))).toBe("a a a");
    expect(routes(lb, 3, session("new"))).toBe("b b b");
    a.drained = true;
    expect(lb.route(session("old"))).toBe(b);
    lb.undrain(a);
    expect(tally(4, () => lb.route())).toEqual({ a: 2, b: 2 });
  });

  it("leave a removed server", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b], { sticky: true });
    expect(lb.route(session("one"))).toBe(a);
    lb.removeServer(a);
    expect(routes(lb, 3, session("one"))).toBe("b b b");
  });

  it("leave a removed server even if the caller made the affinity", () => {
    const [a, b] = threeServers();
    const pins: Server[] = [];
    const sticky = {
      method: "cookie",
      getServer: () => a,
      pin: (_: RouteRequest, to: Server) => pins.push(to),
    } as const;
    const lb = balancer([a, b], { sticky });
    expect(lb.decide({})).toEqual({ server: a, reason: "affinity" });
    lb.removeServer(a);
    expect(lb.decide({})).toEqual({ server: b, reason: "algorithm" });
    expect(pins).toEqual([b]);
  });

  it("by address need no pins: those of a server that was out come back to it, and no others move", () => {
    const servers = threeServers();
    const lb = balancer(servers, { sticky: { method: "ip" } });
    const clients = Array.from({ length: 60 }, (_, i) => ({ clientIp: `192.0.2.${i}` }));
    const owners = () => clients.map((client) => lb.route(client)?.id);
    const before = owners();
    servers[1].healthy = false;
    for (const [i, owner] of owners().entries()) {
      if (before[i] === "b") expect(owner).not.toBe("b");
      else expect(owner).toBe(before[i]);
    }
    servers[1].healthy = true;
    expect(owners()).toEqual(before);
  });

  it("by address go where the ring of addresses says, on any machine", () => {
    const at = (clientIp: string) =>
      [0, 1].map(() => balancer(threeServers(), { sticky: { method: "ip" } }).route({ clientIp })?.id);
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 30; i++) {
      const [first, second] = at(`192.0.2.${i}`);
      expect(first).toBe(second);
      seen.add(first);
    }
    expect(seen.size).toBe(3);
  });
});

describe("a rate limit of 2", () => {
  it("lets each server have two requests in any second, and no more", () => {
    const [a, b, c] = threeServers();
    const lb = balancer([a, b, c], { rateLimit: 2 });
    expect(tally(7, () => lb.route())).toEqual({ a: 2, b: 2, c: 2, none: 1 });
    nowMs += 999;
    expect(lb.route()).toBeNull();
    nowMs += 1;
    expect(tally(7, () => lb.route())).toEqual({ a: 2, b: 2, c: 2, none: 1 });
  });

  it("holds for pinned sessions, which return afterwards", () => {
    const [a, b] = threeServers();
    const lb = balancer([a, b], { rateLimit: 2, sticky: true });
    expect(routes(lb, 5, session("one"))).toBe("a a b b -");
    nowMs += 1_000;
    expect(lb.route(session("one"))).toBe(a);
  });

  it("holds for servers added later, and leaves a limiter of their own alone", () => {
    const [a, b] = threeServers();
    const lb = balancer([], { rateLimit: 2 });
    b.limiter = { allows: () => true, take: () => true };
    lb.addServer(a);
    lb.addServer(b);
    expect(tally(20, () => lb.route())).toEqual({ a: 2, b: 18 });
  });
});
