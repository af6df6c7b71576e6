import { describe, expect, it } from "vitest";
import { importing, oneOf, routeOf, said, THREE, webOf } from "../../support/cloudflare-exports.ts";
import { destination } from "../../support/destinations.ts";

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

  it("lists more than two pools, of which the first that is available takes all", () => {
    const balancer = { default_pools: ["a", "b", "c"], fallback_pool: "a" };
    expect(routeOf(balancer).route).toEqual({
      host: "www.example.com",
      pools: ["a", "b", "c"],
      spill: "off",
      retry_pools: false,
    });
    const adaptive_routing = { failover_across_pools: true };
    expect(routeOf({ ...balancer, adaptive_routing }).route).not.toHaveProperty("retry_pools");
  });

  it("passes over pools that are off, unknown or empty", () => {
    const off = { id: "off", name: "off", enabled: false, origins: [{ address: "x.example.com" }] };
    const empty = { id: "empty", name: "empty", origins: [] };
    const { route, findings } = routeOf(
      { default_pools: ["off", "gone", "empty", "b"], fallback_pool: "c" },
      [...THREE, off, empty],
    );
    expect(route).toMatchObject({ pool: "b", fallback_pool: "c" });
    expect(said(findings, "default_pools[1]")).toEqual([
      "todo: pool gone is not in the export: give the file that has it",
    ]);
    expect(said(findings, "pools[empty].origins")).toEqual(["todo: the pool has no origins and is left out"]);
  });

  it.each<[string, object, string, string]>([
    ["it is off", { enabled: false, default_pools: ["a"], fallback_pool: "a" }, "enabled", "is switched off"],
    ["none of its pools is there", { default_pools: ["gone"] }, "default_pools", "none of its pools"],
  ])("stays closed if %s, also below a wildcard, and for the only pool", (_why, balancer, field, words) => {
    const [a] = THREE;
    const own = { name: "www.example.com", ...balancer };
    const wildcard = { name: "*.example.com", default_pools: ["b"], fallback_pool: "b" };
    const both = importing({ pools: THREE, load_balancers: [own, wildcard] });
    expect(destination(both.config, "www.example.com/")).toBe("404");
    expect(destination(both.config, "x.example.com/")).toBe("b");
    const alone = importing({ pools: [a], load_balancers: [own] });
    expect(destination(alone.config, "www.example.com/")).toBe("404");
    expect(said(alone.findings, field)).toEqual([expect.stringMatching(`^todo: .*${words}`)]);
    expect(said(alone.findings, "the import as a whole")).toEqual([expect.stringMatching(/^todo: no route/)]);
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

  it("goes by distance", () => {
    const balancer = { default_pools: ["a", "b"], fallback_pool: "c", steering_policy: "proximity" };
    expect(routeOf(balancer).route).toMatchObject({
      pools: ["a", "b"],
      steer: "proximity",
      fallback_pool: "c",
    });
  });

  it("says that latency does not count", () => {
    const balancer = { default_pools: ["a"], fallback_pool: "b", steering_policy: "dynamic_latency" };
    const { route, findings } = routeOf(balancer);
    expect(route).toMatchObject({ pool: "a", fallback_pool: "b" });
    expect(said(findings, "steering_policy")).toEqual([
      "todo: dynamic_latency: pools are used in the order of default_pools, whatever their latency",
    ]);
  });

  it.each(["geo", "", undefined])(
    "policy %j: a data centre wins over a country, and that over a region",
    (policy) => {
      const balancer = {
        default_pools: ["c"],
        fallback_pool: "c",
        steering_policy: policy,
        region_pools: { WEU: ["a"], XYZ: ["a"] },
        country_pools: { DE: ["b"], FR: [] },
        pop_pools: { FRA: ["c"] },
      };
      const { config, findings } = importing({
        pools: THREE,
        load_balancers: [{ name: "x.example.com", ...balancer }],
      });
      const from = (country: string, colo: string) =>
        destination(config, "x.example.com/", { cf: { country, colo } });
      expect([
        from("DE", "FRA"),
        from("DE", "HAM"),
        from("NL", "AMS"),
        from("FR", "CDG"),
        from("US", "LAX"),
      ]).toEqual(["c", "b > c", "a > c", "c", "c"]);
      expect(said(findings, "region_pools.XYZ")).toEqual([
        expect.stringMatching(/^todo: no condition of a route/),
      ]);
    },
  );

  it("sheds load to the other pools", () => {
    const [a, ...others] = THREE;
    const shedding = { ...a, load_shedding: { default_percent: 25, default_policy: "hash" } };
    const pools = [shedding, ...others];
    const { route } = routeOf({ default_pools: ["a", "b"], fallback_pool: "b" }, pools);
    expect(route).toMatchObject({ pools: ["a", "b"], spill: "off", fallback_pool: "b" });
    const alone = routeOf({ default_pools: ["a"], fallback_pool: "a" }, pools);
    expect(alone.route).toMatchObject({ pool: "a" });
    expect(said(alone.findings, "load_shedding")).toEqual(["left: no other pool could take what is shed"]);
    const random = routeOf({ default_pools: ["a", "b"], steering_policy: "random" }, pools);
    expect(said(random.findings, "load_shedding")).toEqual([expect.stringMatching(/^todo: a sheds nothing/)]);
  });

  it("ignores health in a pool that is a last resort, and lets the routes that need its health ask for it", () => {
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
      ["b", 0.01],
      ["c", 0.01],
    ]);
    const { config } = importing({ pools, monitors: [monitor], load_balancers: both });
    expect(config.routes).toEqual([
      { host: "x.example.com", pool: "a", fallback_pool: "b" },
      { host: "y.example.com", pools: ["b"], fallback_pool: "c" },
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
