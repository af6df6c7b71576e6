import { describe, expect, it } from "vitest";
import { importing, oneOf, routeOf, said, THREE, webOf } from "../support/cloudflare-exports.ts";

describe("load balancers", () => {
  it("uses default_pools in their order, then the fallback pool", () => {
    expect(routeOf({ default_pools: ["a"], fallback_pool: "b" }).route).toEqual({
      host: "www.example.com",
      pool: "a",
      fallback_pool: "b",
    });
    expect(routeOf({ default_pools: ["a", "b"], fallback_pool: "b" }).route).toMatchObject({
      pool: "a",
      fallback_pool: "b",
    });
    expect(routeOf({ default_pools: ["a"], fallback_pool: "a" }).route).not.toHaveProperty("fallback_pool");
  });

  it("says which pools a route can never reach", () => {
    const { route, findings } = routeOf({ default_pools: ["a", "b", "c"], fallback_pool: "a" });
    expect(route).toMatchObject({ pool: "a", fallback_pool: "b" });
    expect(said(findings, "default_pools[2]")).toEqual([
      "lost: pool c is never reached: a route has one pool to fall back to",
    ]);
  });

  it("passes over pools that are off, unknown or empty", () => {
    const off = { id: "off", name: "off", enabled: false, origins: [{ address: "x.example.com" }] };
    const empty = { id: "empty", name: "empty", origins: [] };
    const { route, findings } = routeOf(
      { default_pools: ["off", "gone", "empty", "b"], fallback_pool: "c" },
      [...THREE, off, empty],
    );
    expect(route).toMatchObject({ pool: "b", fallback_pool: "c" });
    expect(said(findings, "default_pools[1]")).toEqual(["todo: pool gone is not in the export"]);
    expect(said(findings, "pools[empty].origins")).toEqual(["todo: the pool has no origins and is left out"]);
  });

  it("gets no route if it is off or none of its pools is there", () => {
    expect(routeOf({ enabled: false, default_pools: ["a"], fallback_pool: "a" }).route).toBeUndefined();
    expect(routeOf({ default_pools: ["gone"], fallback_pool: "gone" }).route).toBeUndefined();
  });

  it.each(["random", "least_connections", "least_outstanding_requests"])(
    "%s splits by weight",
    (steering_policy) => {
      const random_steering = { default_weight: 0.2, pool_weights: { b: 0.8 } };
      const balancer = { default_pools: ["a", "b"], fallback_pool: "c", steering_policy, random_steering };
      expect(routeOf(balancer).route).toEqual({
        host: "www.example.com",
        split: [
          { pool: "a", weight: 1 },
          { pool: "b", weight: 4 },
        ],
        fallback_pool: "c",
      });
    },
  );

  it("splits equally if no pool has a weight", () => {
    const random_steering = { default_weight: 0 };
    const { route } = routeOf({
      default_pools: ["a", "b"],
      fallback_pool: "c",
      steering_policy: "random",
      random_steering,
    });
    expect(route?.split?.map(({ weight }) => weight)).toEqual([1, 1]);
  });

  it.each(["geo", "proximity", "dynamic_latency"])("%s has no counterpart and is said", (steering_policy) => {
    const { route, findings } = routeOf({ default_pools: ["a"], fallback_pool: "b", steering_policy });
    expect(route).toMatchObject({ pool: "a", fallback_pool: "b" });
    expect(said(findings, "steering_policy")).toEqual([
      `lost: ${steering_policy}: pools are used in the order of default_pools`,
    ]);
  });

  it("takes an empty policy with region pools for geo, as Cloudflare does", () => {
    const balancer = {
      default_pools: ["a"],
      fallback_pool: "b",
      steering_policy: "",
      region_pools: { WEU: ["a"] },
    };
    expect(said(routeOf(balancer).findings, "steering_policy")).toHaveLength(1);
  });

  it("splits what the first pool sheds off to the second", () => {
    const [a, ...others] = THREE;
    const shedding = { ...a, load_shedding: { default_percent: 25, default_policy: "hash" } };
    expect(
      routeOf({ default_pools: ["a", "b"], fallback_pool: "c" }, [shedding, ...others]).route,
    ).toMatchObject({
      split: [
        { pool: "a", weight: 75 },
        { pool: "b", weight: 25 },
      ],
      fallback_pool: "b",
    });
    const alone = routeOf({ default_pools: ["a"], fallback_pool: "a" }, [shedding]);
    expect(alone.route).toMatchObject({ pool: "a" });
    expect(said(alone.findings, "load_shedding")).toHaveLength(1);
  });

  it("ignores health in a pool that is only ever the last resort", () => {
    const monitor = { id: "m", type: "https", expected_codes: "200" };
    const pools = THREE.map((pool) => ({ ...pool, monitor: "m" }));
    const balancers = [{ name: "x.example.com", default_pools: ["a"], fallback_pool: "b" }];
    const thresholds = (load_balancers: object[]) => {
      const { config } = importing({ pools, monitors: [monitor], load_balancers });
      return Object.entries(config.pools).map(([id, pool]) => [id, pool.panic_threshold]);
    };
    expect(thresholds(balancers)).toEqual([
      ["a", undefined],
      ["b", 0.01],
      ["c", undefined],
    ]);
    const both = [...balancers, { name: "y.example.com", default_pools: ["b"], fallback_pool: "c" }];
    expect(thresholds(both)).toEqual([
      ["a", undefined],
      ["b", undefined],
      ["c", 0.01],
    ]);
  });
});

describe("session affinity", () => {
  it.each([
    ["none", {}, {}],
    ["", {}, {}],
    ["cookie", {}, { sticky: { method: "cookie", ttl: 82_800 } }],
    ["cookie", { session_affinity_ttl: 1_800 }, { sticky: { method: "cookie", ttl: 1_800 } }],
    [
      "ip_cookie",
      { session_affinity_ttl: 60, session_affinity_attributes: { drain_duration: 90 } },
      { sticky: { method: "ip_cookie", ttl: 60 }, drain_timeout: 90 },
    ],
    [
      "header",
      { session_affinity_attributes: { headers: ["X-User"] } },
      { algorithm: "consistent_hash", hash_key: "header:x-user" },
    ],
    [
      "header",
      { session_affinity_attributes: { headers: ["cookie:sid,other"] } },
      { algorithm: "consistent_hash", hash_key: "cookie:sid" },
    ],
  ])("%j with %j", (session_affinity, more, expected) => {
    const {
      origins: _,
      algorithm,
      ...rest
    } = webOf({ balancer: { session_affinity, ...more } }) ?? { origins: [] };
    expect({ ...(algorithm === "random" ? {} : { algorithm }), ...rest }).toEqual(expected);
  });

  it.each([
    ["temporary", 1],
    ["none", 1],
    ["sticky", 0],
  ])("zero_downtime_failover %s is reported %i times", (zero_downtime_failover, times) => {
    const balancer = { session_affinity: "cookie", session_affinity_attributes: { zero_downtime_failover } };
    const { findings } = importing(oneOf({ balancer }));
    expect(said(findings, "zero_downtime_failover")).toHaveLength(times);
  });

  it("writes a pool twice that two load balancers use with different affinity", () => {
    const load_balancers = [
      { name: "one.example.com", default_pools: ["a"], fallback_pool: "a", session_affinity: "cookie" },
      { name: "two.example.com", default_pools: ["a"], fallback_pool: "a" },
      { name: "three.example.com", default_pools: ["a"], fallback_pool: "a" },
    ];
    const { config, findings } = importing({ pools: THREE.slice(0, 1), load_balancers });
    expect(config.routes?.map(({ pool }) => pool)).toEqual(["a", "a-2", "a-2"]);
    expect(config.pools.a?.sticky).toEqual({ method: "cookie", ttl: 82_800 });
    expect(config.pools["a-2"]?.sticky).toBeUndefined();
    expect(said(findings, "pools[a]")).toEqual([
      "changed: is written as a and a-2, because session affinity is a pool's here",
    ]);
  });
});
