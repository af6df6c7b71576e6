/**
 * The time for which a request is tried, the effect of a client that leaves, and a pool that is almost completely
 * down.
 */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json, leave, open } from "./support/client.ts";
import { eventsOf } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import type { Hit } from "./support/origin-contract.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PATIENT_FAILOVER, PROBE_TIMEOUT_S } from "./support/patience.ts";

/** A pool for each test, and its origins. */
const POOLS: Record<string, [names: string, config: object]> = {
  total: ["abc", { failover: { attempt_timeout: 1, total_timeout: 1.7 } }],
  headers: ["a", { failover: { attempt_timeout: 0.3, total_timeout: 0.5 } }],
  left: ["ab", { outlier_detection: { consecutive_failures: 1 }, failover: PATIENT_FAILOVER }],
  panic: [
    "abc",
    {
      panic_threshold: 50,
      health_check: { path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S, unhealthy_threshold: 1 },
    },
  ],
};

const originsOf: Record<string, Origin[]> = {};
let balancer: Balancer;

beforeAll(async () => {
  const pools = await Promise.all(
    Object.entries(POOLS).map(async ([pool, [names, config]]) => {
      const origins = await startOrigins(...names);
      originsOf[pool] = origins;
      return [pool, { ...config, origins: origins.map((origin) => origin.config()) }] as const;
    }),
  );
  const routes = Object.keys(POOLS).map((pool) => ({ host: `${pool}.test`, pool }));
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { routes, pools: Object.fromEntries(pools) },
  });
});

afterEach(() => nothingOpen(balancer, Object.keys(POOLS), Object.values(originsOf).flat()));

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.kill())));
});

const to = (pool: string) => ({ headers: { host: `${pool}.test` } });
const get = (pool: string, path = "/") => fetchRaw(balancer.url, path, to(pool));

async function arrivals(pool: string): Promise<Hit[]> {
  return (await Promise.all((originsOf[pool] ?? []).map((origin) => origin.hits()))).flat();
}

test("the total time-out ends a request whatever its attempts have left", async () => {
  await Promise.all((originsOf.total ?? []).map((origin) => origin.behave({ fault: "hang" })));
  let requests = 0;
  // On a busy machine the second attempt may not have arrived when the time is up.
  await eventually("the two attempts that fit in to arrive", async () => {
    const path = `/${++requests}`;
    const reply = await get("total", path);
    expect([reply.status, json(reply)]).toMatchObject([504, { type: "origin_timeout" }]);
    const arrived = (await arrivals("total")).filter(({ url }) => url === path).length;
    expect(arrived, "a third does not fit in").toBeLessThanOrEqual(2);
    return arrived === 2;
  });
});

test("a time-out counts to the headers: a body may take longer", async () => {
  const [a] = originsOf.headers ?? [];
  const { request, response } = await eventually("headers in time", async () => {
    const opened = await open(balancer.url, "/sse", to("headers"));
    return opened.response.statusCode === 200 && opened;
  });
  // Two time-outs later the stream is still there.
  await sleep(1_200);
  const data = once(response, "data");
  await eventually("the origin has a listener", async () => (await a?.push("still here")) === 1);
  expect(String((await data)[0])).toContain("still here");
  // Not by FIN, of which the runtime hears with the next event only.
  leave.reset(request);
});

test("a client that leaves cancels the attempt and is not held against the origin", async () => {
  const hanging = (originsOf.left ?? []).map((origin) => origin.behave({ path: "/hang", fault: "hang" }));
  await Promise.all(hanging);
  for (let i = 1; i <= 4; i++) {
    const { port } = balancer;
    const request = httpRequest({ port, path: "/hang", agent: false, ...to("left") });
    request.on("error", () => {});
    request.end();
    await eventually("it has arrived", async () => (await arrivals("left")).length >= i);
    leave.reset(request);
    await eventually("the log says so", () => balancer.logs().split('"why":"client_closed"').length > i);
  }
  for (let i = 0; i < 4; i++) expect((await get("left")).status).toBe(200);
  expect(eventsOf(balancer, "left", "ejected")).toEqual([]);
  const answered = (await arrivals("left")).filter(({ url }) => url === "/");
  expect(answered.length).toBe(4);
});

test("below the panic threshold unhealthy origins are used again", async () => {
  const served = async (): Promise<string> => {
    const names = new Set<string>();
    for (let i = 0; i < 9; i++) names.add((await get("panic")).headers["x-origin"] ?? "none");
    return [...names].sort().join("");
  };
  expect(await served()).toBe("abc");
  const [a, b] = originsOf.panic ?? [];
  await a?.behave({ path: "/healthz", status: 500 });
  await eventually("two of three: a is left out", async () => (await served()) === "bc");
  await b?.behave({ path: "/healthz", status: 500 });
  await eventually("one of three: the checks are not believed", async () => (await served()) === "abc");
});
