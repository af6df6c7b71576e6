/**
 * Origins that are reached over bindings: another Worker, and a server that stands in for a VPC service. Their urls lead
 * nowhere.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, poolState } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PROBE_TIMEOUT_S } from "./support/patience.ts";
import { runPools } from "./support/pools.ts";

const NOWHERE = "http://10.9.8.7:8080";

let balancer: Balancer;
let next: Balancer;
let origins: Origin[];
let vpc: Origin;
let behind: Origin;

beforeAll(async () => {
  origins = await startOrigins("vpc", "behind");
  [vpc, behind] = origins as [Origin, Origin];
  next = await startBalancer({ config: { pools: { web: { origins: [behind.config()] } } } });
  const check = { interval: 0.5, timeout: PROBE_TIMEOUT_S, expected_body: "vpc" };
  const through = (id: string, binding: string) => ({ id, url: NOWHERE, binding });
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    bindings: { ORIGIN_VPC: vpc.url, ORIGIN_WORKER: next.url },
    config: {
      routes: ["vpc", "worker", "part"].map((pool) => ({ host: `${pool}.test`, pool })),
      pools: {
        vpc: { origins: [through("vpc", "ORIGIN_VPC")], health_check: check },
        worker: { origins: [through("worker", "ORIGIN_WORKER")] },
        part: { origins: [through("vpc", "ORIGIN_VPC"), through("gone", "ORIGIN_GONE")] },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await next?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

const ask = (host: string, path = "/", options = {}) =>
  fetchRaw(balancer.url, path, { ...options, headers: { host } });

test("a server behind a binding gets requests with the url's host, bodies and all", async () => {
  const reply = await ask("vpc.test", "/upload?a=b", { method: "POST", body: "x".repeat(300_000) });
  expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "vpc"]);
  const hit = (await vpc.hits()).find(({ method }) => method === "POST");
  expect([hit?.headers.host, hit?.bodyBytes]).toEqual(["10.9.8.7:8080", 300_000]);
});

test("another Worker behind a binding serves", async () => {
  const reply = await ask("worker.test");
  expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "behind"]);
});

test("checks go through the binding", async () => {
  await eventually("a probe that passed", async () => {
    return (await poolState(balancer.url, "vpc")).origins[0]?.last_probe?.passed;
  });
});

test("an origin without its binding gets nothing, and the status and an explanation say why", async () => {
  for (let i = 0; i < 6; i++) expect((await ask("part.test")).status).toBe(200);
  const why = "the Worker has no binding ORIGIN_GONE: declare it in wrangler.toml, and deploy";
  const operator = { LB_URL: balancer.url, LB_ADMIN_TOKEN: ADMIN_TOKEN };
  const status = await runPools(["status", "part"], operator);
  expect(status.stdout).toMatch(/gone +no binding/);
  expect(status.stdout).toContain(why);
  const explained = await runPools(["explain", "http://part.test/"], operator);
  expect(explained.stdout).toContain(why);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const metrics = (await fetchRaw(balancer.url, "/_lb/metrics", { headers })).body.toString();
  expect(metrics).toContain('lb_origin_state{pool="part",origin="gone",state="no_binding"} 1\n');
  expect(metrics).toContain('lb_origin_state{pool="part",origin="gone",state="disabled"} 0\n');
});

test("one that is down counts as unreachable, like any other", async () => {
  await behind.kill();
  const reply = await ask("worker.test");
  expect([reply.status, json(reply)]).toMatchObject([502, { type: "origin_failed" }]);
});
