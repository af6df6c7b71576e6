/**
 * Clients' answers: the figures of the admin API, of the metrics and of `status`, against what a client counted itself.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ClientFigures } from "../../src/contract/stats.ts";
import { ADMIN_TOKEN, admin, poolState } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PATIENT_FAILOVER } from "./support/patience.ts";
import { runPools } from "./support/pools.ts";
import { freePort } from "./support/ports.ts";

interface Overall {
  clients: ClientFigures;
  pools: Record<string, ClientFigures>;
  unrouted: ClientFigures;
}

let origin: Origin;
let balancer: Balancer;

beforeAll(async () => {
  const [first] = await startOrigins("a");
  if (first === undefined) throw new Error("one was asked for");
  origin = first;
  const dead = { id: "dead", url: `http://127.0.0.1:${await freePort()}` };
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [
        { host: "web.test", path: "/v1/*", pool: "web" },
        { host: "web.test", pool: "web" },
        { host: "dead.test", pool: "dead", fallback_pool: "empty" },
        { host: "saved.test", pool: "empty", fallback_pool: "web" },
      ],
      pools: {
        web: { origins: [origin.config()], failover: PATIENT_FAILOVER },
        dead: { origins: [dead], failover: { max_attempts: 2 } },
        empty: { origins: [origin.config({ enabled: false })] },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.kill();
});

const overall = async () => (await admin(balancer.url, "/stats?window=300")) as Overall;

async function statusOf(host: string, path: string): Promise<number> {
  return (await fetchRaw(balancer.url, path, { headers: { host } })).status;
}

/** Sends what the test counts. */
async function visit(): Promise<void> {
  for (let i = 0; i < 5; i++) expect(await statusOf("web.test", "/v1/x")).toBe(200);
  for (let i = 0; i < 3; i++) expect(await statusOf("web.test", "/status/404")).toBe(404);
  for (let i = 0; i < 2; i++) expect(await statusOf("web.test", "/status/500")).toBe(500);
  for (let i = 0; i < 4; i++) expect(await statusOf("dead.test", "/")).toBe(502);
  for (let i = 0; i < 6; i++) expect(await statusOf("saved.test", "/")).toBe(200);
  for (let i = 0; i < 7; i++) expect(await statusOf("nobody.test", "/")).toBe(404);
  expect(await statusOf("other.test", "/x")).toBe(404);
  await leave();
}

/** A client that resets before its answer comes. */
async function leave(): Promise<void> {
  const socket = connect(balancer.port, "127.0.0.1");
  await once(socket, "connect");
  await origin.behave({ path: "/hang", fault: "hang" });
  socket.write("GET /hang HTTP/1.1\r\nHost: web.test\r\n\r\n");
  await eventually(
    "the request is in flight",
    async () => (await poolState(balancer.url, "web")).active_connections > 0,
  );
  socket.resetAndDestroy();
}

describe("what clients got", () => {
  test("is what a client counts, by pool, route, host, class and reason", async () => {
    await visit();
    const { clients, pools, unrouted } = await eventually("all was reported", async () => {
      const found = await overall();
      const isAll = found.clients?.requests >= 28 && found.unrouted?.requests === 8;
      return isAll && found.pools.web?.client_closed === 1 ? found : undefined;
    });
    expect(clients.requests).toBe(28);
    expect(clients.failed).toBe(6);
    expect(clients.availability).toBeCloseTo(1 - 6 / 28, 9);
    expect(clients.answers).toEqual({ "1xx": 0, "2xx": 11, "3xx": 0, "4xx": 11, "5xx": 6, other: 0 });
    expect(clients.problems).toEqual({ origin_failed: 4, no_route: 8 });
    expect(clients.p99).toBeGreaterThan(0);

    expect(pools.web?.requests).toBe(16);
    expect(pools.web?.client_closed).toBe(1);
    expect(pools.web?.routes.map(({ key, requests, failed }) => [key, requests, failed])).toEqual([
      ["web.test/*", 5, 2],
      ["saved.test/*", 6, 0],
      ["web.test/v1/*", 5, 0],
    ]);
    expect(pools.web?.hosts.map(({ key, requests }) => [key, requests])).toEqual([
      ["web.test", 10],
      ["saved.test", 6],
    ]);
    expect(pools.dead).toMatchObject({ requests: 4, failed: 4, availability: 0 });
    expect(pools.empty?.requests).toBe(0);

    expect(unrouted.problems).toEqual({ no_route: 8 });
    expect(unrouted.hosts.map(({ key, requests }) => [key, requests])).toEqual([
      ["nobody.test", 7],
      ["other.test", 1],
    ]);
  });

  test("is in the metrics, and failures are by kind", async () => {
    const { body } = await fetchRaw(balancer.url, "/_lb/metrics", {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const text = body.toString();
    expect(text).toContain('lb_pool_responses_total{pool="web",class="5xx"} 2\n');
    expect(text).toContain('lb_route_responses_total{pool="web",route="web.test/*",class="4xx"} 3\n');
    expect(text).toContain('lb_pool_problems_total{pool="dead",type="origin_failed"} 4\n');
    expect(text).toContain('lb_unrouted_problems_total{type="no_route"} 8\n');
    expect(text).toContain('lb_pool_response_seconds_count{pool="web"} 16\n');
    expect(text).toContain('lb_origin_failures_total{pool="web",origin="a",kind="500"} 2\n');
    expect(text).toContain('lb_origin_state{pool="empty",origin="a",state="disabled"} 1\n');
    expect(text).toMatch(
      /lb_origin_failures_total\{pool="dead",origin="dead",kind="connect_failure"\} [1-9]/,
    );
  });

  test("stands first in status", async () => {
    const { code, stdout } = await runPools(["status", "--window", "300"], {
      LB_URL: balancer.url,
      LB_ADMIN_TOKEN: ADMIN_TOKEN,
    });
    expect(code).toBe(0);
    const [, first, failed, ...rest] = stdout.split("\n");
    expect(first).toMatch(/^Clients {3}78\.57% served {3}[\d.]+ answers\/s /);
    expect(failed).toBe("  6 answers of 28 failed: origin_failed 4, answered so by origins 2");
    expect(rest.join("\n")).toContain("  8 requests matched no route: nobody.test 7, other.test 1\n");
  });
});
