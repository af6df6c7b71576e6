import { describe, expect, it } from "vitest";
import { ALGORITHMS, algorithmEntry } from "../../../src/core/algorithms/index.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { seededRandom } from "../../support/random.ts";
import { server, tally, threeServers } from "../../support/servers.ts";

const CLIENTS = Array.from({ length: 300 }, (_, i) => ({ clientIp: `192.0.2.${i}`, key: `key:${i}` }));

/** `first` gives all to one server (test/unit/core/first.test.ts). */
const SHARING = ALGORITHMS.filter((name) => algorithmEntry(name).sharedBy !== "order");

describe("servers that could not be reached a moment ago", () => {
  it.each(SHARING)("are passed over among equals by %s, where no key decides", (algorithm) => {
    const servers = threeServers();
    const balancer = new LoadBalancer(servers, { algorithm, random: seededRandom() });
    const avoid = new Set([servers[1]]);
    const keyless = { key: null };
    const counts = tally(200, () => balancer.decide(keyless, undefined, { avoid })?.server ?? null);
    expect(Object.keys(counts).sort()).toEqual(["a", "c"]);
  });

  it.each(SHARING)("are passed over by %s with limits, too", (algorithm) => {
    const servers = threeServers();
    for (const one of servers) one.maxConnections = 10;
    const balancer = new LoadBalancer(servers, { algorithm, random: seededRandom() });
    const avoid = new Set([servers[1]]);
    const counts = tally(200, () => balancer.decide({ key: null }, undefined, { avoid })?.server ?? null);
    expect(Object.keys(counts).sort()).toEqual(["a", "c"]);
  });

  it.each(SHARING)(
    "are picked by %s as usual if all servers of the priority could not be reached",
    (algorithm) => {
      const [a, b] = [server("a"), server("b")];
      const balancer = new LoadBalancer([a, b, server("c", 1, { backup: true })], {
        algorithm,
        random: seededRandom(),
      });
      const counts = tally(
        200,
        () => balancer.decide({ key: null }, undefined, { avoid: new Set([a, b]) })?.server ?? null,
      );
      expect(Object.keys(counts).sort()).toEqual(["a", "b"]);
    },
  );

  it.each(ALGORITHMS)("bring no backup in for %s", (algorithm) => {
    const a = server("a");
    const balancer = new LoadBalancer([a, server("b", 1, { backup: true })], { algorithm });
    expect(balancer.decide({ key: null }, undefined, { avoid: new Set([a]) })?.server.id).toBe("a");
  });

  it("are passed over among backups as well", () => {
    const [a, b, c] = [server("a"), server("b", 1, { backup: true }), server("c", 1, { backup: true })];
    a.healthy = false;
    const balancer = new LoadBalancer([a, b, c]);
    expect(tally(4, () => balancer.decide({}, undefined, { avoid: new Set([b]) })?.server ?? null)).toEqual({
      c: 4,
    });
  });

  it("serve if all others are full", () => {
    const [a, b, c] = threeServers();
    for (const one of [b, c]) Object.assign(one, { maxConnections: 1, activeConnections: 1 });
    const balancer = new LoadBalancer([a, b, c]);
    expect(balancer.decide({}, undefined, { avoid: new Set([a]) })?.server).toBe(a);
  });

  it.each([
    ["the keys of a consistent hash", { algorithm: "consistent_hash" as const }],
    ["clients kept by address", { sticky: { method: "ip" as const } }],
    ["new clients of ip_cookie", { sticky: { method: "ip_cookie" as const } }],
  ])("keep %s", (_, options) => {
    const servers = threeServers();
    const settled = new LoadBalancer(servers, options);
    const balancer = new LoadBalancer(servers, options);
    const avoid = new Set([servers[1]]);
    for (const client of CLIENTS) {
      expect(balancer.decide(client, undefined, { avoid })?.server).toBe(settled.decide(client)?.server);
    }
  });

  it("keep their sessions", () => {
    const servers = threeServers();
    const balancer = new LoadBalancer(servers, { sticky: true });
    for (let i = 0; i < 30; i++) {
      const request = { cookies: { session: String(i) } };
      const first = balancer.route(request);
      expect(balancer.decide(request, undefined, { avoid: new Set(servers) })?.server).toBe(first);
      expect(
        balancer.decide(request, undefined, { avoid: new Set(first === null ? [] : [first]) })?.reason,
      ).toBe("affinity");
    }
  });

  it("come before those that have failed this request, and after the others", () => {
    const [a, b, c] = threeServers();
    const balancer = new LoadBalancer([a, b, c]);
    const next = (tried: (typeof a)[]) =>
      balancer.decide({}, new Set(tried), { avoid: new Set([b]) })?.server;
    expect([next([a]), next([a, c])]).toEqual([c, b]);
  });

  it("take no turn from the cursor of the others", () => {
    const [a, b, c] = threeServers();
    const balancer = new LoadBalancer([a, b, c]);
    const order = (avoid: Set<typeof a>) => balancer.decide({}, undefined, { avoid })?.server.id;
    expect([order(new Set()), order(new Set([c])), order(new Set([c])), order(new Set())]).toEqual([
      "a",
      "b",
      "a",
      "a",
    ]);
  });
});
