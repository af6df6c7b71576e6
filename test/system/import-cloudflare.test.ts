/**
 * Load balancers of Cloudflare, as Terraform keeps them, imported and served: pools by place and by distance, pools with
 * too few origins or full ones, rules with conditions, fixed responses and redirects, a load balancer that is off.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { importCloudflare } from "../../scripts/lib/import/cloudflare/index.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, type RequestOptions } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[];
let balancer: Balancer;

/** One resource of a state; provider v4 writes blocks as lists. */
function resource(type: "" | "_pool" | "_monitor", attributes: object) {
  return { mode: "managed", type: `cloudflare_load_balancer${type}`, instances: [{ attributes }] };
}

const places: Record<string, [latitude: number, longitude: number]> = {
  us: [39.04, -77.49],
  eu: [50.11, 8.68],
  ap: [1.29, 103.85],
};

function pool(id: string, at: readonly (Origin | undefined)[], more: object = {}) {
  const [latitude, longitude] = places[id] ?? [0, 0];
  const address = "127.0.0.1";
  return resource("_pool", {
    id,
    name: id,
    latitude,
    longitude,
    enabled: true,
    minimum_origins: 1,
    monitor: "m",
    load_shedding: [],
    origin_steering: [{ policy: "random" }],
    origins: at.map((origin, index) => ({
      name: `${id}-${index}`,
      address,
      port: origin?.port,
      enabled: true,
      header: [],
    })),
    ...more,
  });
}

const ruled = (name: string, condition: string, more: object) => ({
  name,
  condition,
  disabled: false,
  fixed_response: [],
  overrides: [],
  ...more,
});

const fixed = (status_code: number, more: object = {}) => ({ fixed_response: [{ status_code, ...more }] });

function balancerAt(name: string, default_pool_ids: string[], more: object = {}) {
  const nothing = { region_pools: [], country_pools: [], pop_pools: [], random_steering: [], rules: [] };
  const common = { enabled: true, proxied: true, steering_policy: "off", fallback_pool_id: "last", ttl: 0 };
  return resource("", {
    id: name,
    name,
    session_affinity: "none",
    default_pool_ids,
    ...common,
    ...nothing,
    ...more,
  });
}

/** `us-1` and `eu-1` answer; `few` has one origin of the two that it needs, `full` sheds all, `down` is not there. */
function state([us, eu, ap, last, gone]: readonly Origin[]) {
  const monitor = {
    id: "m",
    type: "http",
    path: "/healthz",
    expected_codes: "2xx",
    interval: 1,
    timeout: 10,
    retries: 0,
  };
  return {
    version: 4,
    terraform_version: "1.9.8",
    resources: [
      resource("_monitor", monitor),
      ...[pool("us", [us]), pool("eu", [eu]), pool("ap", [ap]), pool("last", [last])],
      pool("few", [eu, gone], { minimum_origins: 2 }),
      pool("full", [eu], { load_shedding: [{ default_percent: 100, default_policy: "hash" }] }),
      pool("down", [gone]),
      balancerAt("geo.test", ["us"], {
        steering_policy: "geo",
        pop_pools: [{ pop: "LAX", pool_ids: ["ap"] }],
        country_pools: [{ country: "JP", pool_ids: ["ap"] }],
        region_pools: [{ region: "WEU", pool_ids: ["down", "eu"] }],
      }),
      balancerAt("near.test", ["us", "eu", "ap"], { steering_policy: "proximity" }),
      balancerAt("few.test", ["few", "us"]),
      balancerAt("full.test", ["full", "us"]),
      balancerAt("down.test", ["down"]),
      balancerAt("*.below.test", ["us"]),
      balancerAt("off.below.test", ["us"], { enabled: false }),
      balancerAt("rules.test", ["us"], {
        rules: [
          ruled("api", 'starts_with(http.request.uri.path, "/api/")', {
            overrides: [{ default_pools: ["eu"] }],
          }),
          ruled(
            "gone",
            'http.request.uri.path eq "/gone"',
            fixed(410, { message_body: "gone", content_type: "text/plain" }),
          ),
          ruled(
            "moved",
            'http.request.uri.path eq "/moved"',
            fixed(301, { location: "https://rules.test/new" }),
          ),
          ruled("country", 'ip.src.country eq "XK"', fixed(451)),
          ruled("beta", 'http.request.headers["x-beta"][0] eq "1"', {
            overrides: [{ default_pools: ["ap"] }],
          }),
        ],
      }),
    ],
  };
}

beforeAll(async () => {
  origins = await startOrigins("us", "eu", "ap", "last", "gone");
  const source = { name: "terraform.tfstate", text: JSON.stringify(state(origins)) };
  const { config, findings } = importCloudflare([source], { scheme: "http", names: new Map(), local: true });
  expect(
    findings.all.filter(({ kind }) => kind === "todo").map(({ at, message }) => `${at}: ${message}`),
  ).toEqual([
    expect.stringMatching(
      /load_balancers\[off\.below\.test\]\.enabled: .* is switched off: its host stays closed/,
    ),
  ]);
  await origins[4]?.close();
  balancer = await startBalancer({ config });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

let clients = 0;

/** The origin that answers, or the status. Each client is a new one, of which nothing is remembered. */
async function ask(url: string, options: RequestOptions = {}): Promise<string> {
  const slash = url.indexOf("/");
  const address = `10.2.${++clients >> 8}.${clients & 255}`;
  const headers = { "cf-connecting-ip": address, ...options.headers, host: url.slice(0, slash) };
  const reply = await fetchRaw(balancer.url, url.slice(slash), { ...options, headers });
  return (
    reply.headers["x-origin"] ??
    [reply.status, reply.headers.location ?? reply.body.toString()].join(" ").trim()
  );
}

const from = (cf: object): RequestOptions => ({ cf });
const at = (latitude: string, longitude: string): RequestOptions => ({ cf: { latitude, longitude } });

test.each<[url: string, expected: string, options?: RequestOptions]>([
  ["geo.test/", "ap", from({ country: "JP" })],
  ["geo.test/", "ap", from({ country: "US", colo: "LAX" })],
  ["geo.test/", "us", from({ country: "US", colo: "EWR" })],
  ["geo.test/", "us"],
  ["near.test/", "eu", at("52.52", "13.4")],
  ["near.test/", "us", at("40.71", "-74.01")],
  ["near.test/", "ap", at("35.68", "139.65")],
  ["rules.test/x", "us"],
  ["rules.test/api/x", "eu"],
  ["rules.test/api", "us"],
  ["rules.test/gone", "410 gone"],
  ["rules.test/moved", "301 https://rules.test/new"],
  ["rules.test/x", "451", from({ country: "XK" })],
  ["rules.test/x", "ap", { headers: { "x-beta": "1" } }],
  ["any.below.test/", "us"],
])("%s: %s %j", async (url, expected, options) => {
  expect(await ask(url, options)).toBe(expected);
});

test.each(["off.below.test/", "unknown.test/"])("%s stays closed", async (url) => {
  expect(await ask(url)).toMatch(/^404/);
});

test.each<[url: string, why: string, expected: string, options?: RequestOptions]>([
  ["few.test/", "fewer origins than the pool needs", "us"],
  ["full.test/", "the pool sheds all", "us"],
  ["down.test/", "the pool is down", "last"],
  ["geo.test/", "the first pool of its region is down", "eu", from({ country: "FR" })],
])("%s: %s, so the next pool gets it", async (url, _why, expected, options) => {
  await eventually(`${url} goes to ${expected}`, async () => (await ask(url, options)) === expected);
});

test("the fallback pool is used whatever its health", async () => {
  const last = origins[3];
  await last?.behave({ path: "/healthz", status: 500 });
  await eventually("checks of the last pool fail", async () =>
    (await last?.hits())?.some(({ url }) => url === "/healthz"),
  );
  expect(await ask("down.test/")).toBe("last");
});
