/** Ids that are names of what every object has: they are data like others, from configuration to metrics. */
import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, inject, it } from "vitest";
import { ask } from "./admin-support.ts";
import { parseExposition } from "./exposition-parser.ts";
import { clock } from "./test-clock.ts";

const [url = "", other = ""] = inject("origins");
const NAME = "constructor";
const SENT = 4;

const get = async (pool: string) => {
  const response = await exports.default.fetch(`http://${pool}.example/`);
  await response.text();
  return response.status;
};

beforeAll(async () => {
  const origins = [
    { id: NAME, url, rate_limit: 1_000, max_connections: 50 },
    { id: "b", url: other },
  ];
  const pools = {
    [NAME]: { origins, sticky: true, outlier_detection: {} },
    limited: { origins: [{ id: NAME, url, rate_limit: 3 }] },
    hashed: { origins, algorithm: "consistent_hash", hash_key: `header:${NAME}` },
  };
  for (const [pool, body] of Object.entries(pools)) {
    expect((await ask(`PUT /pools/${pool}`, { body })).status).toBe(201);
  }
  const routes = Object.keys(pools).map((pool) => ({ host: `${pool}.example`, pool }));
  expect((await ask("PUT /routes", { body: routes })).status).toBe(200);
  for (let i = 0; i < SENT; i++) expect(await get(NAME)).toBe(200);
  await clock.until(async () => expect((await ask(`GET /pools/${NAME}/stats`)).body.requests).toBe(SENT));
});

it("have their own statistics", async () => {
  const { body } = await ask(`GET /pools/${NAME}/stats`);
  expect(body.requests_per_server).toEqual({ [NAME]: SENT / 2, b: SENT / 2 });
  expect(body.origins[NAME]).toMatchObject({ requests: SENT / 2, errors: 0, active_connections: 0 });
});

it("have metrics that can be read, with a number each", async () => {
  const samples = parseExposition((await ask("GET /metrics")).body);
  const odd = samples.filter(({ labels }) => labels.origin === NAME);
  const value = (name: string) => odd.find((each) => each.name === name)?.value;
  expect([value("lb_origin_requests_total"), value("lb_origin_ejections_total")]).toEqual([SENT / 2, 0]);
  expect(value("lb_origin_active_connections")).toBe(0);
  expect(value("lb_origin_rate_limit")).toBe(1_000);
  expect(value("lb_origin_rate_granted")).toBeGreaterThan(0);
});

it("are counted event by event", async () => {
  await ask(`POST /pools/${NAME}/origins/${NAME}/drain`);
  await ask(`POST /pools/${NAME}/origins/${NAME}/undrain`);
  const scraped = await env.UPSTREAM_POOL.getByName(NAME).scrape();
  expect(scraped.events.undrained).toEqual({ [NAME]: 1 });
});

it("have a share, connections and a state in live and in explain", async () => {
  const { body } = await ask(`GET /live?pool=${NAME}`);
  const seen = body.pools[0].origins.find(({ id }: { id: string }) => id === NAME);
  expect(seen).toMatchObject({
    eligible: true,
    ejection_steps: 0,
    max_connections: 50,
    active_connections: 0,
  });
  const explained = (await ask("POST /explain", { body: { url: `http://${NAME}.example/` } })).body;
  expect(explained.candidates[0]).toMatchObject({ id: NAME, kept: true, active_connections: 0 });
});

it("hold rate limits", async () => {
  const statuses = await Promise.all(Array.from({ length: 30 }, () => get("limited")));
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(3);
});

it("are no headers that nobody sent", async () => {
  const explained = (await ask("POST /explain", { body: { url: "http://hashed.example/" } })).body;
  expect(explained.hash_key, "the key of who sends none").toBe("");
});
