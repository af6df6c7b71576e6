import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, inject, it, vi } from "vitest";
import { proxy, serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import { openGate, stands } from "./gates.ts";
import { clock } from "./test-clock.ts";

const origins = inject("origins");
let lines: Record<string, unknown>[] = [];
/** What requests left running: the report to the object comes up to a second later. */
let background: Promise<void>[] = [];

beforeAll(async () => {
  const list = origins.map((url, i) => ({ id: `o${i}`, url }));
  await env.POOLS.put("pool:all", JSON.stringify({ origins: list, sticky: true }));
  await env.POOLS.put("pool:few", JSON.stringify({ origins: list, log: { sample: 0, slow: 1 } }));
  const gone = [list[0], { id: "gone", url: "http://127.0.0.1:9" }];
  await env.POOLS.put("pool:gone", JSON.stringify({ origins: gone, algorithm: "first" }));
  const routes = ["all", "few"].map((pool) => ({ host: `${pool}.example`, pool }));
  const response_headers = { set: { "x-by": "{pool}/{origin}" } };
  await env.POOLS.put(
    "routes",
    JSON.stringify([...routes, { host: "gone.example", pool: "gone", response_headers }]),
  );
});

beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    const entry = JSON.parse(line);
    if ("request_id" in entry) lines.push(entry);
  });
});
afterEach(async () => {
  await clock.pass(Promise.all(background));
  background = [];
  vi.restoreAllMocks();
});

/** @param bindings of an isolate of its own; absent: the usual isolate has it */
async function ask(url: string, init: RequestInit = {}, bindings?: object): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(url, init);
  const isolate = bindings && new IsolateState(new WorkerSurroundings({ ...env, ...bindings }));
  const response = await (isolate ? serve(request, isolate, ctx) : proxy(request, env, ctx));
  background.push(waitOnExecutionContext(ctx));
  return response;
}

it("writes one line per request, with nothing secret in it", async () => {
  const headers = { cookie: "sid=secret-cookie", authorization: "secret-token", "x-request-id": "r-1" };
  const response = await ask("https://all.example/a/b?key=secret-query", { headers });
  const token =
    response.headers
      .getSetCookie()
      .find((line) => line.startsWith("__lb="))
      ?.slice(5, 27) ?? "?";
  await response.text();
  expect(lines).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      request_id: "r-1",
      method: "GET",
      path: "/a/b",
      route: "all.example/*",
      pool: "all",
      origin: expect.stringMatching(/^o\d$/),
      status: 200,
      duration_ms: expect.any(Number),
      attempts: 1,
      why: "algorithm",
    },
  ]);
  const text = JSON.stringify(lines);
  for (const secret of ["secret", token, "127.0.0.1", "localhost"]) expect(text).not.toContain(secret);
});

it("says why: affinity, failover, or the problem", async () => {
  const first = await ask("https://all.example/");
  const cookie =
    first.headers
      .getSetCookie()
      .find((line) => line.startsWith("__lb="))
      ?.split(";")[0] ?? "";
  await ask("https://all.example/", { headers: { cookie } });
  await ask("https://all.example/?status=503", { headers: { cookie } });
  await ask("https://unrouted.example/");
  expect(lines.map(({ status, why, attempts }) => [status, why, attempts])).toEqual([
    [200, "algorithm", 1],
    [200, "affinity", 1],
    [503, "failover", 3],
    [404, "no_route", 0],
  ]);
});

it("names the origin whose answer the client gets, as the route's rules do, though another was tried later", async () => {
  const response = await ask("https://gone.example/?status=503");
  expect(response.headers.get("x-by")).toBe("gone/o0");
  expect(lines).toMatchObject([{ status: 503, origin: "o0", why: "algorithm", attempts: 3 }]);
});

it("samples, but not errors and slow requests", async () => {
  // A cold isolate's first request may wait for the pool's object, and be slow for that.
  await ask("https://few.example/");
  lines = [];
  await clock.still(async () => {
    await ask("https://few.example/");
    await ask("https://few.example/?status=404");
    await ask("https://few.example/?status=500");
  });
  const slow = ask("https://few.example/?gate=slow");
  await stands("slow");
  clock.skip(1_100);
  await openGate("slow");
  await slow;
  expect(lines.map(({ status }) => status)).toEqual([500, 200]);
});

it("says that the client left before it was answered", async () => {
  const abort = new AbortController();
  const ctx = createExecutionContext();
  const request = new Request("https://all.example/?gate=left", { signal: abort.signal });
  const answered = proxy(request, env, ctx);
  await stands("left");
  abort.abort();
  await (await answered).text();
  await openGate("left");
  background.push(waitOnExecutionContext(ctx));
  expect(lines.map(({ status, why, pool }) => [status, why, pool])).toEqual([[499, "client_closed", "all"]]);
});

it("gives one data point per request to Analytics Engine, if it is bound", async () => {
  const points: AnalyticsEngineDataPoint[] = [];
  const ANALYTICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => void points.push(point) };
  await ask("https://few.example/", {}, { ANALYTICS });
  expect(points).toEqual([
    {
      indexes: ["few"],
      blobs: ["few", expect.stringMatching(/^o\d$/), "algorithm", "2xx"],
      doubles: [expect.any(Number), 1],
    },
  ]);
});
