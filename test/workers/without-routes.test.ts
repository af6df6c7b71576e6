/** Where everything goes while there are no routes, and what a pool that is added changes of it. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ask, origin } from "./admin-support.ts";
import { eventually } from "./test-clock.ts";

const table = () => env.ROUTE_TABLE.getByName("routes");
const put = (pool: string) => ask(`PUT /pools/${pool}`, { body: { origins: [origin("a")] } });
const goesTo = async () => (await table().current()).implicit_pool;
const error = async () => (await ask("GET /routes")).body.config_error;
const STILL = 'no routes: everything still goes to pool "web", which was there alone. Write routes';

it("the only pool gets all requests, and keeps them when others are made, whose makers get a warning", async () => {
  const first = await put("web");
  expect([first.status, first.body.warning, await goesTo(), await error()]).toEqual([
    201,
    undefined,
    "web",
    null,
  ]);
  const second = await put("canary");
  expect([second.status, second.body.warning, await goesTo(), await error()]).toEqual([
    201,
    STILL,
    "web",
    STILL,
  ]);
  expect((await ask("GET /routes/events?kind=config_refused")).body.events[0].detail).toBe(STILL);
  expect((await ask("GET /metrics")).body).toContain("lb_routes_config_error 1\n");
});

it("a pool whose key somebody writes to KV takes no requests away either", async () => {
  await env.POOLS.put("pool:hand", JSON.stringify({ origins: [origin("a")] }));
  await env.UPSTREAM_POOL.getByName("hand").wake();
  await eventually(async () => expect(await table().pools()).toEqual(["canary", "hand", "web"]));
  expect([await goesTo(), await error()]).toEqual(["web", STILL]);
});

it("with routes there is no warning, and without them again no earlier pool is remembered", async () => {
  await ask("PUT /routes", { body: [{ pool: "canary" }] });
  expect([await goesTo(), await error()]).toEqual([null, null]);
  await ask("PUT /routes", { body: [] });
  expect(await goesTo()).toBe(null);
  expect(await error()).toBe('no routes, and no pool "default": every request is answered 404. Write routes');
});

it("the pool named default gets all requests, and so does the last remaining pool", async () => {
  await put("default");
  expect([await goesTo(), await error()]).toEqual(["default", null]);
  for (const pool of ["default", "canary", "hand"]) await ask(`DELETE /pools/${pool}`);
  await eventually(async () => expect(await goesTo()).toBe("web"));
  expect(await error()).toBe(null);
});

it("a document that is nested too deeply is refused as a document", async () => {
  const deep = `{"origins":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  for (const path of ["/pools/web", "/routes"]) {
    const refused = await ask(`PUT ${path}`, { body: deep });
    expect([path, refused.status, refused.body.errors[0].message]).toEqual([
      path,
      422,
      "must be nested at most 64 levels deep",
    ]);
  }
});
