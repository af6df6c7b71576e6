/**
 * The choice of a pool for a request, by host and path.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";

const NAMES = ["api", "apex", "wild", "deep", "blue", "green", "spare"];

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins(...NAMES);
  const gone = { id: "gone", url: `http://127.0.0.1:${await freePort()}` };
  const pools = Object.fromEntries(origins.map((origin) => [origin.name, { origins: [origin.config()] }]));
  balancer = await startBalancer({
    config: {
      routes: [
        { host: "api.example.test", path: "/v1/*", pool: "api" },
        { host: "example.test", pool: "apex" },
        { host: "deep.example.test", path: "/only", pool: "deep" },
        {
          host: "split.test",
          split: [
            { pool: "blue", weight: 75 },
            { pool: "green", weight: 25 },
          ],
        },
        { host: "fallback.test", pool: "switched-off", fallback_pool: "spare" },
        { host: "*.example.test", pool: "wild" },
      ],
      pools: { ...pools, "switched-off": { origins: [{ ...gone, enabled: false }] } },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

/** The name of the pool that answered, which is its origin's, or the status. */
async function answered(host: string, path: string, headers: Record<string, string> = {}) {
  const reply = await fetchRaw(balancer.url, path, { headers: { host, ...headers } });
  return reply.headers["x-origin"] ?? reply.status;
}

test.each([
  ["api.example.test", "/v1/users?x=1", "api"],
  ["api.example.test", "/v1", "api"],
  ["api.example.test", "/v10", "wild"],
  ["api.example.test", "/", "wild"],
  ["API.Example.TEST:8787", "/v1/", "api"],
  ["example.test", "/anything", "apex"],
  ["www.example.test", "/", "wild"],
  ["a.b.example.test", "/", "wild"],
  ["deep.example.test", "/only", "deep"],
  ["deep.example.test", "/only/more", "wild"],
  ["notexample.test", "/", 404],
])("%s%s goes to %s", async (host, path, expected) => {
  expect(await answered(host, path)).toBe(expected);
});

test("what no route matches is answered 404 no_route, and reaches no origin", async () => {
  const reply = await fetchRaw(balancer.url, "/nowhere", { headers: { host: "unknown.test" } });
  expect(reply.status).toBe(404);
  expect(reply.headers["content-type"]).toBe("application/problem+json");
  expect(json(reply)).toMatchObject({ type: "no_route", status: 404 });
  const urls = (await Promise.all(origins.map((origin) => origin.hits()))).flat().map((hit) => hit.url);
  expect(urls).not.toContain("/nowhere");
});

test("a pool with nothing eligible hands over to the route's fallback pool", async () => {
  expect(await answered("fallback.test", "/")).toBe("spare");
});

describe("a split", () => {
  const from = (client: string) => answered("split.test", "/", { "cf-connecting-ip": client });

  test("keeps a client on its variant", async () => {
    for (const client of ["198.51.100.1", "198.51.100.2", "2001:db8::1"]) {
      const variants = new Set<unknown>();
      for (let request = 0; request < 10; request++) variants.add(await from(client));
      expect(variants.size).toBe(1);
    }
  });

  test("takes all addresses of an IPv6 client, which has a /64, for one", async () => {
    const addresses = Array.from({ length: 12 }, (_, index) => `2001:db8:7:9:${index}::${index}`);
    const variants = await Promise.all(addresses.map(from));
    expect(new Set(variants).size).toBe(1);
    expect(await from("::ffff:198.51.100.1")).toBe(await from("198.51.100.1"));
  });

  test("shares clients out by weight", async () => {
    const clients = Array.from({ length: 400 }, (_, index) => `203.0.${index >> 8}.${index & 255}`);
    let blue = 0;
    for (const client of clients) if ((await from(client)) === "blue") blue++;
    // 300 expected; the standard deviation is sqrt(400 * 0.75 * 0.25) = 8.7, five of which are 43.
    expect(Math.abs(blue - 300)).toBeLessThan(43);
  });
});
