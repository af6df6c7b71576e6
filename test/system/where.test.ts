/**
 * Which route a request goes by, by where its client is and what it says. What Cloudflare tells of a client comes in a
 * header here (docs/platform.md, request.cf).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, admin } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, type RequestOptions } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { runPools } from "./support/pools.ts";

const NAMES = ["eu", "us", "asia", "office", "canary", "world"];

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins(...NAMES);
  const pools = Object.fromEntries(origins.map((origin) => [origin.name, { origins: [origin.config()] }]));
  balancer = await startBalancer({
    // The runtime complains, in two lines, of what Cloudflare never tells of a client: null, a list, a text.
    expects: [/cf-property\.c\+\+.*failed: expected/, /^stack: .*workerd/],
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [
        { host: "shop.test", where: { cookies: { canary: "1" } }, pool: "canary" },
        { host: "shop.test", where: { query: { preview: "*" }, methods: ["GET"] }, pool: "canary" },
        { host: "shop.test", where: { addresses: ["198.51.100.0/24", "2001:db8::/32"] }, pool: "office" },
        { host: "shop.test", where: { regions: ["wnam", "enam"] }, pool: "us" },
        { host: "shop.test", where: { colos: ["NRT"], headers: { "x-tier": "gold*" } }, pool: "asia" },
        { host: "shop.test", where: { eu: true }, pool: "eu" },
        { host: "shop.test", where: { countries: ["CH", "T1"] }, pool: "eu" },
        { host: "shop.test", pool: "world" },
        { host: "only.test", where: { countries: ["DE"] }, pool: "eu" },
      ],
      pools,
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

/** The name of the pool that answered, which is its origin's, or the status. */
async function answered(path: string, { headers = {}, ...options }: RequestOptions, host = "shop.test") {
  const reply = await fetchRaw(balancer.url, path, { ...options, headers: { host, ...headers } });
  return reply.headers["x-origin"] ?? reply.status;
}

test.each<[does: string, path: string, request: RequestOptions, pool: string]>([
  ["a session forced onto the canary", "/", { headers: { cookie: "a=b; canary=1" } }, "canary"],
  ["another value of that cookie", "/", { headers: { cookie: "canary=0" } }, "world"],
  ["a preview", "/x?preview=1&a=b", {}, "canary"],
  ["a preview by a method that is not listed", "/x?preview=1", { method: "POST", body: "x" }, "world"],
  ["an address of the office", "/", { headers: { "cf-connecting-ip": "198.51.100.77" } }, "office"],
  ["its IPv6 range", "/", { headers: { "cf-connecting-ip": "2001:db8:7::1" } }, "office"],
  ["an address beside it", "/", { headers: { "cf-connecting-ip": "198.51.101.1" } }, "world"],
  ["a Californian", "/", { cf: { country: "US", regionCode: "CA" } }, "us"],
  ["an American of whom no more is known", "/", { cf: { country: "US" } }, "world"],
  [
    "one of whom the longitude is known",
    "/",
    { cf: { country: "US", latitude: "40", longitude: "-75" } },
    "us",
  ],
  ["a German", "/", { cf: { country: "DE", isEUCountry: "1" } }, "eu"],
  ["a Swiss", "/", { cf: { country: "CH" } }, "eu"],
  ["Tor", "/", { cf: { country: "T1" } }, "eu"],
  [
    "gold by Tokyo's data centre",
    "/",
    { cf: { country: "JP", colo: "NRT" }, headers: { "x-tier": "golden" } },
    "asia",
  ],
  [
    "gold by another data centre",
    "/",
    { cf: { country: "JP", colo: "KIX" }, headers: { "x-tier": "gold" } },
    "world",
  ],
  ["nothing known", "/", {}, "world"],
])("%s goes to its pool", async (_does, path, request, pool) => {
  expect(await answered(path, request)).toBe(pool);
});

test.each([
  [null],
  [[]],
  ["text"],
  [7],
  [{}],
  [{ country: 7, colo: {}, asn: "x", latitude: [], longitude: "NaN", isEUCountry: true, continent: null }],
  [{ country: "__proto__", regionCode: "constructor" }],
])("a client whose cf is %j has no known place", async (cf) => {
  expect(await answered("/", { cf })).toBe("world");
  expect(await answered("/", { cf }, "only.test")).toBe(404);
});

test("a client's place is remembered by its address, and its data centre is not", async () => {
  const headers = { "cf-connecting-ip": "192.0.2.91", "x-tier": "gold" };
  expect(await answered("/", { headers, cf: { country: "US", regionCode: "NY" } })).toBe("us");
  expect(await answered("/", { headers, cf: { country: "JP" } })).toBe("us");
  const other = { ...headers, "cf-connecting-ip": "192.0.2.92" };
  expect(await answered("/", { headers: other, cf: { country: "JP" } })).toBe("world");
  expect(await answered("/", { headers: other, cf: { country: "JP", colo: "NRT" } })).toBe("asia");
});

describe("conditions are shown", () => {
  const explain = (body: object) =>
    admin(balancer.url, "/explain", { method: "POST", body: { url: "http://shop.test/", ...body } });

  test("by explain: which route's matched, and what the others lacked", async () => {
    expect(
      await explain({ cf: { country: "US", regionCode: "NY", latitude: "40.7", longitude: -74 } }),
    ).toMatchObject({
      pool: "us",
      route: { index: 3, matched_where: { regions: ["wnam", "enam"] } },
      client: { country: "US", subdivision: "US-NY", region: "enam", coordinates: { latitude: 40.7 } },
      passed: [
        { index: 0, by: "where", condition: "cookies" },
        { index: 1, condition: "query" },
        { index: 2, condition: "addresses" },
      ],
    });
    expect(await explain({})).toMatchObject({
      pool: "world",
      route: { index: 7, matched_where: null },
      client: { country: "XX", region: null },
    });
    expect(await explain({ cf: { country: "DE", is_eu: true } })).toMatchObject({ pool: "eu" });
  });

  test("by the command line", async () => {
    const run = async (...args: string[]) =>
      (
        await runPools(["explain", "http://shop.test/", ...args], {
          LB_URL: balancer.url,
          LB_ADMIN_TOKEN: ADMIN_TOKEN,
        })
      ).stdout;
    const tokyo = await run(
      "--country",
      "jp",
      "--from",
      "35.7,139.7",
      "--header",
      "x-tier: gold",
      "--colo",
      "nrt",
    );
    expect(tokyo).toContain("Client   JP, region neas, at 35.7, 139.7, by data centre NRT");
    expect(tokyo).toContain("its condition regions does not match");
    expect(tokyo).toMatch(/Pool +asia/);
    expect(await run("--country", "FR")).toMatch(/Pool +eu/);
    expect(await run("--cookie", "canary=1")).toMatch(/Pool +canary/);
  });

  test("in the figures, where each of a host's routes has its own", async () => {
    await eventually("both routes to have figures", async () => {
      const { clients } = (await admin(balancer.url, "/stats?window=300")) as {
        clients: { routes: { key: string }[] };
      };
      const keys = clients.routes.map(({ key }) => key);
      return keys.includes("shop.test/* (countries CH,T1)") && keys.includes("shop.test/*");
    });
  });
});
