/**
 * How long a request is tried, what a client that leaves means, and what happens when nearly everything is down.
 */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json, leave, open } from "./support/client.ts";
import { loggedEvents } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[] = [];
let balancer: Balancer;

afterEach(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

async function start(names: string[], pool: Record<string, unknown>): Promise<void> {
  origins = await startOrigins(...names);
  balancer = await startBalancer({
    config: { pools: { web: { origins: origins.map((origin) => origin.config()), ...pool } } },
  });
}

async function arrivals(): Promise<number> {
  return (await Promise.all(origins.map((origin) => origin.hits()))).flat().length;
}

test("the total time-out ends a request whatever its attempts have left", async () => {
  await start(["a", "b", "c"], { failover: { attempt_timeout: 0.4, total_timeout: 0.6 } });
  await Promise.all(origins.map((origin) => origin.behave({ fault: "hang" })));
  const reply = await fetchRaw(balancer.url, "/");
  expect([reply.status, json(reply)]).toMatchObject([504, { type: "origin_timeout" }]);
  expect(await arrivals(), "two attempts fit in, the third does not").toBe(2);
});

test("a time-out counts to the headers: a body may take longer", async () => {
  await start(["a"], { failover: { attempt_timeout: 0.3, total_timeout: 0.5 } });
  const [a] = origins;
  const { response } = await open(balancer.url, "/sse");
  // Two time-outs later the stream is still there.
  await sleep(1_200);
  const data = once(response, "data");
  await eventually("the origin has a listener", async () => (await a?.push("still here")) === 1);
  expect(String((await data)[0])).toContain("still here");
  response.destroy();
});

test("a client that leaves cancels the attempt and is not held against the origin", async () => {
  await start(["a", "b"], { outlier_detection: { consecutive_failures: 1 } });
  const [a, b] = origins;
  await Promise.all(origins.map((origin) => origin.behave({ path: "/hang", fault: "hang" })));
  for (let i = 1; i <= 4; i++) {
    const { hostname, port } = new URL(balancer.url);
    const request = httpRequest({ hostname, port, path: "/hang", agent: false });
    request.on("error", () => {});
    request.end();
    await eventually("it has arrived", async () => (await arrivals()) >= i);
    leave.reset(request);
    await eventually("the log says so", () => balancer.logs().split('"why":"client_closed"').length > i);
  }
  for (let i = 0; i < 4; i++) expect((await fetchRaw(balancer.url, "/")).status).toBe(200);
  expect(loggedEvents(balancer, "ejected")).toEqual([]);
  const answered = [...((await a?.hits()) ?? []), ...((await b?.hits()) ?? [])].filter(
    ({ url }) => url === "/",
  );
  expect(answered.length).toBe(4);
});

test("below the panic threshold unhealthy origins are used again", async () => {
  await start(["a", "b", "c"], {
    panic_threshold: 50,
    health_check: { path: "/healthz", interval: 0.5, timeout: 0.4, unhealthy_threshold: 1 },
  });
  const served = async (): Promise<string> => {
    const names = new Set<string>();
    for (let i = 0; i < 9; i++) names.add((await fetchRaw(balancer.url, "/")).headers["x-origin"] ?? "none");
    return [...names].sort().join("");
  };
  expect(await served()).toBe("abc");
  const [a, b] = origins;
  await a?.behave({ path: "/healthz", status: 500 });
  await eventually("two of three: a is left out", async () => (await served()) === "bc");
  await b?.behave({ path: "/healthz", status: 500 });
  await eventually("one of three: the checks are not believed", async () => (await served()) === "abc");
});
