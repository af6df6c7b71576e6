/**
 * One form of the path, over real sockets: what a route matches is what its origin gets, and what `explain` says of it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { HeaderList } from "../support/wire/http-reader.ts";
import { exchangeOnce } from "../support/wire/raw-connection.ts";
import { ADMIN_TOKEN, admin } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("public", "admin", "based", "rest");
  const pools = Object.fromEntries(origins.map((each) => [each.name, { origins: [each.config()] }]));
  const based = origins[2]?.config({ url: `${origins[2].url}/base/v1/` });
  const routes = [
    { path: "/public/*", pool: "public" },
    { path: "/admin/*", pool: "admin" },
    // Written in another spelling than requests come in.
    { path: "/x/../curly{}/*", pool: "admin" },
    { host: "based.test", pool: "based" },
    { pool: "rest" },
  ];
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { routes, pools: { ...pools, based: { origins: [based] } } },
  });
});

afterEach(() => Promise.all(origins.map((origin) => origin.forget())));

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

/** What arrived, and where: `pool path`, or the status if nothing did. */
async function arrived(target: string, headers: HeaderList = [], method = "GET"): Promise<string> {
  const { status } = await exchangeOnce(balancer.url, { method, target, headers });
  for (const origin of origins) {
    const [hit] = await origin.hits();
    if (hit !== undefined) return `${origin.name} ${hit.url}`;
  }
  return String(status);
}

describe("a request line that says one path and means another", () => {
  test.each([
    ["/public/../admin/keys", "admin /admin/keys"],
    ["/public/%2e%2e/admin/keys", "admin /admin/keys"],
    ["/public/.%2E/admin/keys", "admin /admin/keys"],
    ["/public/..\\admin\\keys", "admin /admin/keys"],
    ["/public\\..\\admin/keys", "admin /admin/keys"],
    ["/admin\\keys", "admin /admin/keys"],
    ["/public/x/../y?z=/../../admin", "public /public/y?z=/../../admin"],
    ["/public/..%2fadmin", "public /public/..%2fadmin"],
    ["/public/%2e%2e%2fadmin", "public /public/%2e%2e%2fadmin"],
    ["/public/..;/admin", "public /public/..;/admin"],
    ["/public//../admin", "public /public/admin"],
    ["//admin/keys", "rest //admin/keys"],
    ["/..//admin/keys", "rest //admin/keys"],
    ["/%61dmin/keys", "rest /%61dmin/keys"],
    ["/a/..", "rest /"],
    ["/..", "rest /"],
    ["/admin/./?", "admin /admin/?"],
    ["http://other.test/public/../admin", "admin /admin"],
    ["http://other.test", "rest /"],
    ["http://other.test?x=/../y", "rest /?x=/../y"],
    ["/public/../admin#/../public/", "admin /admin"],
    ["/curly{}/x", "admin /curly%7B%7D/x"],
    ['/a"b^c', "rest /a%22b%5Ec"],
  ])("%s arrives as %s", async (target, expected) => {
    expect(await arrived(target)).toBe(expected);
  });

  test("OPTIONS * is for the host it names, and arrives as the nearest that can be sent", async () => {
    expect(await arrived("*", [["Host", "based.test"]], "OPTIONS")).toBe("based /base/v1/");
  });
});

test.each([
  ["/../../secret", "/base/v1/secret"],
  ["/%2e%2e/%2E%2E/secret?x=/../..", "/base/v1/secret?x=/../.."],
  ["\\..\\..\\secret", "400"],
  ["/..\\..\\..\\secret", "/base/v1/secret"],
  ["/a/../..", "/base/v1/"],
  ["//evil.test/../../..", "/base/v1/"],
  ["/..//x", "/base/v1//x"],
])("%s never climbs above the origin's base path", async (target, expected) => {
  const where = await arrived(target, [["Host", "based.test"]]);
  expect(where.replace("based ", "")).toBe(expected);
});

describe("the balancer's own prefix", () => {
  const headers: HeaderList = [["Authorization", `Bearer ${ADMIN_TOKEN}`]];
  test.each(["/_lb/pools", "/x/../_lb/pools", "/%2e/_lb/pools", "/_lb\\pools"])(
    "%s is the admin API",
    async (target) => {
      const ask = (more: HeaderList) =>
        exchangeOnce(balancer.url, { method: "GET", target, headers: more }, { keepBody: true });
      const { status, body } = await ask(headers);
      expect([status, body?.includes('"admin"')]).toEqual([200, true]);
      expect((await ask([])).status).toBe(401);
    },
  );

  test("a path that only seems to begin with it is not the admin API", async () => {
    expect(await arrived("/_lb/../admin/x", headers)).toBe("admin /admin/x");
  });
});

test.each([
  "/public/../admin/keys",
  "/public/%2E%2e/admin",
  "/public\\..\\admin",
  "/public/..%2fadmin",
  "//admin",
  "/curly{}/x",
  "/x?y=/../admin/",
])("%s goes where explain says", async (target) => {
  const where = await arrived(target);
  const body = { url: `http://any.test${target}` };
  const { pool } = (await admin(balancer.url, "/explain", { method: "POST", body })) as { pool: string };
  expect(where.split(" ")[0]).toBe(pool);
});
