import { describe, expect, it } from "vitest";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { Candidates } from "../../../src/core/server/candidates.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { server, tally } from "../../support/servers.ts";

/** Primary servers p0, p1.. and backups b0, b1..; true: healthy. */
function pool(primary: boolean[], backup: boolean[]): Server[] {
  const made = (name: string, states: boolean[], isBackup: boolean) =>
    states.map((healthy, i) => {
      const one = server(`${name}${i}`, 1, { backup: isBackup });
      one.healthy = healthy;
      return one;
    });
  return [...made("p", primary, false), ...made("b", backup, true)];
}

const [UP, DOWN] = [true, false];

describe("panic at a threshold of 50 percent", () => {
  // What Envoy does, as far as both use a priority wholly or not: panic(P) only if the normalized health is below 100.
  it.each([
    { what: "healthy backups take over", primary: [DOWN, DOWN, DOWN], backup: [UP], picked: ["b0"] },
    { what: "no backup is healthy", primary: [DOWN, DOWN], backup: [DOWN], picked: ["p0", "p1"] },
    { what: "there are no backups", primary: [UP, DOWN, DOWN], backup: [], picked: ["p0", "p1", "p2"] },
    {
      what: "few primary servers are healthy, and a backup is",
      primary: [UP, DOWN, DOWN],
      backup: [UP],
      picked: ["p0"],
    },
    {
      what: "few backups are healthy, no primary is",
      primary: [DOWN],
      backup: [UP, DOWN, DOWN],
      picked: ["b0", "b1", "b2"],
    },
    { what: "half of them are healthy", primary: [UP, DOWN], backup: [], picked: ["p0"] },
    {
      what: "all primary servers are healthy, no backup is",
      primary: [UP, UP],
      backup: [DOWN],
      picked: ["p0", "p1"],
    },
  ])("picks $picked where $what", ({ primary, backup, picked }) => {
    const balancer = new LoadBalancer(pool(primary, backup), { panicThreshold: 50 });
    expect(Object.keys(tally(12, () => balancer.route())).sort()).toEqual(picked);
  });

  it("never opens unhealthy backups while primary servers are believed to be healthy", () => {
    const servers = pool([UP, UP], [DOWN]);
    for (const one of servers) one.maxConnections = 1;
    const balancer = new LoadBalancer(servers, { panicThreshold: 50 });
    for (const one of servers) if (!one.backup) one.activeConnections = 1;
    expect(balancer.route()).toBeNull();
    expect(balancer.panicking).toBe(false);
  });
});

describe("health that is ignored in panic", () => {
  it.each(["unhealthy", "ejected"])(
    "is ignored for sessions too: they stay where they are, %s or not",
    (how) => {
      const servers = pool([UP, UP, UP], []);
      const balancer = new LoadBalancer(servers, { panicThreshold: 50, sticky: true });
      const request = { cookies: { session: "one" } };
      const first = balancer.route(request);
      for (const one of servers)
        Object.assign(one, how === "ejected" ? { ejected: true } : { healthy: false });
      const decisions = Array.from({ length: 6 }, () => balancer.decide(request));
      expect(decisions.map((decision) => decision?.server)).toEqual(new Array(6).fill(first));
      expect(new Set(decisions.map((decision) => decision?.reason))).toEqual(new Set(["affinity"]));
    },
  );

  it("does not keep a session at a dead server that a healthy backup stands in for", () => {
    const servers = pool([UP, UP], [UP]);
    const balancer = new LoadBalancer(servers, { panicThreshold: 50, sticky: true });
    const request = { cookies: { session: "one" } };
    balancer.route(request);
    for (const one of servers) one.healthy = one.backup;
    expect(balancer.route(request)?.id).toBe("b0");
  });

  it("leaves the rate limit as the only reason", () => {
    const servers = pool([DOWN, DOWN], []);
    const balancer = new LoadBalancer(servers, { panicThreshold: 50, rateLimit: 1, now: () => 0 });
    expect([balancer.route()?.id, balancer.route()?.id, balancer.route()]).toEqual(["p0", "p1", null]);
    expect(servers.map((one) => balancer.ineligibility(one))).toEqual(["rate_limited", "rate_limited"]);
  });

  it("does not include other states: disabled, draining and drained servers stay out", () => {
    const servers = pool([DOWN, DOWN, DOWN, DOWN], []);
    const [a, b, c] = servers;
    Object.assign(a ?? {}, { enabled: false });
    Object.assign(b ?? {}, { draining: true });
    Object.assign(c ?? {}, { drained: true });
    const candidates = new Candidates(servers, { panicThreshold: 50 });
    expect(servers.map((one) => candidates.ineligibility(one, 0))).toEqual([
      "disabled",
      "draining",
      "drained",
      null,
    ]);
    expect(servers.map((one) => candidates.sessionIneligibility(one, 0))).toEqual([
      "disabled",
      null,
      "drained",
      null,
    ]);
  });

  it("counts again as soon as enough are healthy", () => {
    const servers = pool([DOWN, DOWN, UP], []);
    const candidates = new Candidates(servers, { panicThreshold: 50 });
    expect(candidates.panicking).toBe(true);
    if (servers[1]) servers[1].healthy = true;
    expect(servers.map((one) => candidates.ineligibility(one, 0))).toEqual(["unhealthy", null, null]);
  });
});
