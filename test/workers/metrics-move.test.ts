/** Each metric is there from the start, and moves when its thing happens: the real Worker, real origins. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it, vi } from "vitest";
import { UpstreamPool } from "../../src/index.ts";
import { ask } from "./admin-support.ts";
import { parseExposition, type Sample } from "./exposition-parser.ts";
import { clock } from "./test-clock.ts";

const urls = inject("origins");
const [A = "", B = ""] = urls;
/** Nobody listens there. */
const NOWHERE = "http://127.0.0.1:1";

const ONE = [{ id: "a", url: A }];
const TWO = [...ONE, { id: "b", url: B }];
const OUTLIERS = { consecutive_failures: 2, failure_percent: 0, max_ejection_percent: 50 };
const POOLS = {
  plain: { origins: ONE },
  two: { origins: TWO },
  budget: { origins: TWO, failover: { retry_budget_percent: 0 } },
  limited: { origins: [{ id: "a", url: A, rate_limit: 1 }] },
  off: { origins: [{ id: "a", url: A, enabled: false }] },
  dead: { origins: [{ id: "a", url: NOWHERE }], failover: { max_attempts: 1 } },
  slow: { origins: ONE, failover: { max_attempts: 1, attempt_timeout: 0.2 } },
  outliers: { origins: TWO, outlier_detection: OUTLIERS, failover: { max_attempts: 1 } },
  changing: { origins: [{ id: "a", url: A, weight: 3 }] },
  lonely: { origins: ONE },
};

beforeAll(async () => {
  for (const [id, body] of Object.entries(POOLS)) {
    expect((await ask(`PUT /pools/${id}`, { body })).status).toBe(201);
  }
  const body = Object.keys(POOLS).map((id) => ({ host: `${id}.example`, pool: id }));
  expect((await ask("PUT /routes", { body })).status).toBe(200);
});

async function visit(id: string, path = "/"): Promise<Response> {
  const response = await exports.default.fetch(`http://${id}.example${path}`);
  await response.text();
  return response;
}

async function samples(id: string): Promise<Sample[]> {
  const all = parseExposition((await ask("GET /metrics")).body);
  return all.filter(({ labels }) => labels.pool === id);
}

async function value(id: string, name: string, labels: object = {}): Promise<number | undefined> {
  const wanted = Object.entries(labels);
  const found = await samples(id);
  return found.find((each) => each.name === name && wanted.every(([key, is]) => each.labels[key] === is))
    ?.value;
}

/** Runs `act` until the metric is more than it was. */
async function moves(id: string, name: string, labels: object, act: () => Promise<unknown>): Promise<void> {
  const before = await value(id, name, labels);
  expect(before, `${name} is there before anything happens`).toBeTypeOf("number");
  await clock.until(async () => {
    await act();
    expect(await value(id, name, labels)).toBeGreaterThan(before ?? 0);
  });
}

const alarm = (id: string) => runDurableObjectAlarm(env.UPSTREAM_POOL.getByName(id));

describe("the metric moves:", () => {
  it("requests, latency of the pool and of the origin, calls to the object", async () => {
    const id = "plain";
    await moves(id, "lb_origin_requests_total", { origin: "a" }, () => visit(id));
    await moves(id, "lb_pool_latency_seconds_count", {}, () => visit(id));
    await moves(id, "lb_pool_latency_seconds_bucket", { le: "30" }, () => visit(id));
    await moves(id, "lb_origin_latency_seconds_count", { origin: "a" }, () => visit(id));
    expect(await value(id, "lb_origin_latency_seconds", { origin: "a", quantile: "0.99" })).toBeLessThan(30);
    expect(await value(id, "lb_pool_sync_calls_per_second")).toBeGreaterThan(0);
    expect(await value(id, "lb_pool_isolates")).toBe(1);
    expect(await value(id, "lb_pool_sync_errors_total")).toBe(0);
  });

  it("errors, retries", async () => {
    const id = "two";
    await moves(id, "lb_origin_errors_total", { origin: "a" }, () => visit(id, "/?status=503"));
    await moves(id, "lb_origin_retries_total", { origin: "b" }, () => visit(id, "/?status=503"));
    expect(await value(id, "lb_origin_retry_overflow_total", { origin: "a" })).toBe(0);
  });

  it("retry overflow, where the budget is spent", async () => {
    const id = "budget";
    await moves(id, "lb_origin_retry_overflow_total", { origin: "a" }, () => visit(id, "/?status=503"));
    expect(await value(id, "lb_origin_retries_total", { origin: "b" })).toBe(0);
  });

  it("rate-limited, at the origin and for the client", async () => {
    const id = "limited";
    const burst = () => Promise.all(Array.from({ length: 5 }, () => visit(id)));
    await moves(id, "lb_pool_unserved_total", { reason: "rate_limited" }, burst);
    expect(await value(id, "lb_origin_rate_limited_total", { origin: "a" })).toBeGreaterThan(0);
    expect(await value(id, "lb_origin_rate_limit", { origin: "a" })).toBe(1);
    expect(await value(id, "lb_origin_rate_granted", { origin: "a" })).toBeLessThanOrEqual(1);
  });

  it("unserved: no origin, origin failed, origin too slow", async () => {
    const served = (id: string, reason: string, path = "/") =>
      moves(id, "lb_pool_unserved_total", { reason }, () => visit(id, path));
    await served("off", "no_origin_available");
    expect(await value("off", "lb_origin_enabled", { origin: "a" })).toBe(0);
    await served("dead", "origin_failed");
    await served("slow", "origin_timeout", "/hang");
  });

  it("ejections, and those withheld", async () => {
    const id = "outliers";
    const fail = () => visit(id, "/?status=500");
    const ejected = async () =>
      ((await value(id, "lb_origin_ejections_total", { origin: "a" })) ?? 0) +
      ((await value(id, "lb_origin_ejections_total", { origin: "b" })) ?? 0);
    expect(await ejected()).toBe(0);
    await clock.until(async () => {
      await fail();
      expect(await ejected()).toBe(1);
    });
    const gauges = ["a", "b"].map(async (origin) => await value(id, "lb_origin_ejected", { origin }));
    expect((await Promise.all(gauges)).sort()).toEqual([0, 1]);
    await clock.until(async () => {
      await fail();
      const each = ["a", "b"].map((origin) => value(id, "lb_origin_ejections_withheld_total", { origin }));
      const withheld = (await Promise.all(each)).reduce<number>((sum, count) => sum + (count ?? 0), 0);
      expect(withheld).toBeGreaterThan(0);
    });
  });

  it("health and panic", async () => {
    const id = "sick";
    const health_check = { interval: 0.5, timeout: 0.3, unhealthy_threshold: 1, flap: null };
    const body = { origins: [{ id: "a", url: NOWHERE }], health_check, panic_threshold: 50 };
    await ask(`PUT /pools/${id}`, { body });
    await moves(id, "lb_origin_unhealthy_total", { origin: "a" }, () => alarm(id));
    expect(await value(id, "lb_origin_healthy", { origin: "a" })).toBe(0);
    expect(await value(id, "lb_pool_panic")).toBe(1);
  });

  it("configurations applied and refused, and the error as long as it lasts", async () => {
    const id = "changing";
    expect(await value(id, "lb_origin_weight", { origin: "a" })).toBe(3);
    const stub = env.UPSTREAM_POOL.getByName(id);
    await moves(id, "lb_pool_config_refused_total", {}, async () => {
      await env.POOLS.put(`pool:${id}`, '{"origins":1}', { metadata: { updated_at: Date.now() + 60_000 } });
      await stub.wake();
    });
    expect(await value(id, "lb_pool_config_error")).toBe(1);
    const body = { origins: [{ id: "a", url: A }] };
    await moves(id, "lb_pool_config_applied_total", {}, () => ask(`PUT /pools/${id}`, { body }));
    expect(await value(id, "lb_pool_config_error")).toBe(0);
    expect(await value(id, "lb_pool_config_version")).toBe(2);
  });

  it("sync errors, when the object does not answer", async () => {
    await visit("lonely");
    const sync = UpstreamPool.prototype.sync;
    let failures = 0;
    // An object cannot be made to fail from here. Only this one: calls of other pools may be under way.
    vi.spyOn(UpstreamPool.prototype, "sync").mockImplementation(function (this: UpstreamPool, report) {
      const isLonely = Reflect.get(this, "ctx").id.name === "lonely";
      if (isLonely && failures++ === 0) return Promise.reject(new Error("on purpose: out of order"));
      return sync.call(this, report);
    });
    // Told of by the first call after the back-off that succeeds.
    await moves("lonely", "lb_pool_sync_errors_total", {}, () => visit("lonely"));
  });
});
