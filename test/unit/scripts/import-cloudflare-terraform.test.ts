import { describe, expect, it } from "vitest";
import { importing, said } from "../../support/cloudflare-exports.ts";

const POOL = { id: "p", name: "web", account_id: "acc", origins: [{ name: "a", address: "a.example.com" }] };
const OTHER = { ...POOL, id: "q", name: "api" };
const BALANCER = {
  id: "l",
  name: "www.example.com",
  zone_id: "z",
  default_pool_ids: ["p"],
  fallback_pool_id: "p",
};

const resource = (type: string, values: object, more: object = {}) => ({
  mode: "managed",
  type,
  values,
  ...more,
});
const WEB = resource("cloudflare_load_balancer_pool", POOL);
const shown = (...resources: object[]) => ({ format_version: "1.0", values: { root_module: { resources } } });

describe("Terraform's documents", () => {
  const stored = {
    version: 4,
    terraform_version: "1.9.8",
    resources: [
      {
        mode: "managed",
        type: "cloudflare_load_balancer_pool",
        instances: [{ attributes: POOL }, { attributes: OTHER }],
      },
      { mode: "managed", type: "cloudflare_load_balancer", instances: [{ attributes: BALANCER }] },
    ],
  };

  it.each<[string, object, string[]]>([
    ["terraform show -json", shown(WEB), ["web"]],
    ["a plan", { format_version: "1.2", planned_values: { root_module: { resources: [WEB] } } }, ["web"]],
    [
      "modules in modules",
      { values: { root_module: { child_modules: [{ child_modules: [{ resources: [WEB] }] }] } } },
      ["web"],
    ],
    ["a state file, with several instances", stored, ["web", "api"]],
    [
      "what is not Cloudflare's, and what is only read",
      shown(
        WEB,
        resource("aws_instance", {}),
        resource("cloudflare_load_balancer_pool", OTHER, { mode: "data" }),
      ),
      ["web"],
    ],
  ])("%s", (_form, document, expected) => {
    expect(Object.keys(importing(document).config.pools)).toEqual(expected);
  });

  it("gives the place in the state file", () => {
    const { findings } = importing({
      ...stored,
      resources: [{ ...stored.resources[0], instances: [{ attributes: { ...POOL, monitor: "gone" } }] }],
    });
    expect(findings.map(({ at }) => at)).toContainEqual(
      expect.stringMatching(/^cf\.json:1:\d{3}: pools\[web\]\.monitor$/),
    );
  });

  it.each([
    [{ format_version: "1.0" }, "there is no cloudflare_load_balancer_pool or the like in this state"],
    [shown(resource("aws_instance", {})), "there is no cloudflare_load_balancer_pool"],
    [
      shown(resource("cloudflare_load_balancer", BALANCER)),
      "there are no pools in it: give the file that has them",
    ],
    [{ version: 3, modules: [] }, 'save what "terraform show -json" prints, and import that'],
    [shown(resource("cloudflare_load_balancer_pool", { ...POOL, origins: [{ name: "a" }] })), "address"],
  ])("refuses %j", (document, words) => {
    expect(() => importing(document)).toThrow(words);
  });
});

describe("provider v4", () => {
  const load = (balancer: object, ...pools: object[]) =>
    importing(
      shown(
        ...[POOL, OTHER, ...pools].map((pool) => resource("cloudflare_load_balancer_pool", pool)),
        resource("cloudflare_load_balancer", { ...BALANCER, ...balancer }),
      ),
    );

  it("writes blocks as lists, and absent ones as zeros", () => {
    const fields = {
      session_affinity: "cookie",
      session_affinity_ttl: 0,
      ttl: 0,
      random_steering: [],
      rules: [],
    };
    const { config, findings } = load(fields);
    expect(config.pools.web?.sticky).toEqual({ method: "cookie", ttl: 82_800 });
    expect(said(findings, "ttl")).toEqual([]);
  });

  it("writes lists by place as lists of blocks", () => {
    const { config, findings } = load({
      steering_policy: "geo",
      country_pools: [{ country: "DE", pool_ids: ["q"] }],
      pop_pools: [{ pop: "LAX", pool_ids: ["q", "gone"] }],
      region_pools: [{ region: "WEU", pool_ids: ["q"] }],
    });
    expect(config.routes?.map(({ where }) => where)).toEqual([
      { colos: ["LAX"] },
      { countries: ["DE"] },
      { regions: ["weu"] },
      undefined,
    ]);
    expect(said(findings, "pop_pools.LAX[1]")).toEqual([expect.stringMatching(/^todo: pool gone/)]);
  });

  it("writes what a rule does not override as zeros, and its fixed response as a block", () => {
    const nothing = { session_affinity: "", session_affinity_ttl: 0, steering_policy: "", fallback_pool: "" };
    const rule = (path: string, more: object) => ({
      condition: `http.request.uri.path eq "${path}"`,
      ...more,
    });
    const { config } = load({
      session_affinity: "cookie",
      rules: [
        rule("/a", {
          fixed_response: [],
          overrides: [{ ...nothing, default_pools: ["q"], region_pools: [] }],
        }),
        rule("/b", { fixed_response: [{ status_code: 404, message_body: "no" }], overrides: [] }),
      ],
    });
    expect(config.routes?.slice(0, 2)).toEqual([
      { host: "www.example.com", path: "/b", respond: { status: 404, body: "no" } },
      { host: "www.example.com", path: "/a", pool: "api", fallback_pool: "web" },
    ]);
    expect(config.pools.api?.sticky).toEqual({ method: "cookie", ttl: 82_800 });
  });

  it("writes a pool's blocks as lists", () => {
    const { config } = load(
      { default_pool_ids: ["r"], fallback_pool_id: "p" },
      {
        ...POOL,
        id: "r",
        name: "full",
        latitude: 50,
        longitude: 8,
        minimum_origins: 2,
        load_shedding: [
          { default_percent: 10, default_policy: "hash", session_percent: 0, session_policy: "" },
        ],
        origin_steering: [{ policy: "hash" }],
      },
    );
    expect(config.pools.full).toMatchObject({
      algorithm: "consistent_hash",
      location: { latitude: 50, longitude: 8 },
      minimum_origins: 2,
      shed_percent: 10,
    });
    expect(config.pools.full).not.toHaveProperty("shed_sessions_percent");
  });
});
