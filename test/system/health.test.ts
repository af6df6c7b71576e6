/**
 * Origins fail and come back while clients are served: real processes, killed and restarted.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Balancer, type BalancerOptions, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { loggedEvents } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

const CHECK = { path: "/healthz", interval: 0.5, timeout: 0.4, healthy_threshold: 2, unhealthy_threshold: 3 };

let origins: Origin[] = [];
let balancers: Balancer[] = [];

afterEach(async () => {
  await Promise.all(balancers.map((balancer) => balancer.stop()));
  await Promise.all(origins.map((origin) => origin.kill()));
  balancers = [];
  origins = [];
});

async function start(names: string[], pool: Record<string, unknown>, more: Partial<BalancerOptions> = {}) {
  origins = await startOrigins(...names);
  const config = { pools: { web: { origins: origins.map((origin) => origin.config()), ...pool } } };
  const balancer = await startBalancer({ config, ...more });
  balancers.push(balancer);
  return { balancer, config, origins };
}

const served = async (balancer: Balancer, count: number): Promise<string[]> => {
  const names: string[] = [];
  for (let i = 0; i < count; i++)
    names.push((await fetchRaw(balancer.url, "/")).headers["x-origin"] ?? "none");
  return names;
};

describe("an origin that is killed under load", () => {
  test("costs no client an error, leaves the rotation by its checks, and comes back", async () => {
    const { balancer, origins } = await start(["a", "b", "c"], { health_check: CHECK });
    const [, b] = origins;
    if (b === undefined) throw new Error("there are three");
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const seen = new Map<number, number>();
    let running = true;
    const clients = Array.from({ length: 50 }, async () => {
      while (running) {
        const { status } = await fetchRaw(balancer.url, "/", { agent });
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    });
    await eventually("some traffic", () => (seen.get(200) ?? 0) > 500);
    await b.kill();
    await eventually("b is out", () =>
      loggedEvents(balancer, "unhealthy").some(({ origin }) => origin === "b"),
    );
    await eventually("nobody is sent to b", async () => !(await served(balancer, 6)).includes("b"));
    await b.restart();
    await eventually("b is back", () =>
      loggedEvents(balancer, "healthy").some(({ origin }) => origin === "b"),
    );
    await eventually("b is used", async () => (await served(balancer, 6)).includes("b"));
    running = false;
    await Promise.all(clients);
    agent.destroy();
    expect([...seen.keys()], "statuses the clients saw").toEqual([200]);
    expect(
      loggedEvents(balancer, "unhealthy", "healthy").map(({ event, origin }) => [event, origin]),
    ).toEqual([
      ["unhealthy", "b"],
      ["healthy", "b"],
    ]);
  });
});

describe("an origin that accepts and never answers", () => {
  test("is given up for another one each time, and ejected after five in a row", async () => {
    const { balancer, origins } = await start(["a", "b"], {
      outlier_detection: { consecutive_failures: 5, base_ejection_time: 300 },
      failover: { attempt_timeout: 0.3 },
    });
    const [a] = origins;
    await a?.behave({ fault: "hang" });
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) statuses.push((await fetchRaw(balancer.url, "/")).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(loggedEvents(balancer, "ejected").map(({ origin }) => origin)).toEqual(["a"]);
    expect((await a?.hits())?.length).toBe(5);
  });
});

describe("an origin that fails every check and passes every other", () => {
  test("is judged by the thresholds exactly, then held as flapping", async () => {
    const { balancer, origins } = await start(["a", "b"], {
      health_check: {
        ...CHECK,
        healthy_threshold: 1,
        unhealthy_threshold: 1,
        flap: { max_transitions: 3, window: 60, base_hold: 60 },
      },
    });
    const [a] = origins;
    const kinds = () =>
      loggedEvents(balancer, "healthy", "unhealthy", "flapping").map(
        ({ event, origin }) => `${origin} ${event}`,
      );
    await eventually("it was probed", async () => ((await a?.hits()) ?? []).length > 0);
    for (const [index, status] of [503, undefined, 503, undefined].entries()) {
      await a?.behave(...(status === undefined ? [] : [{ path: "/healthz", status }]));
      await eventually(`change ${index + 1}`, () => kinds().length > index);
    }
    expect(kinds()).toEqual(["a unhealthy", "a healthy", "a unhealthy", "a flapping"]);
    expect(new Set(await served(balancer, 6))).toEqual(new Set(["b"]));
  });
});

describe("a runtime that is killed while an origin is down", () => {
  test("sends that origin nothing from its first request on", async () => {
    const state = mkdtempSync(join(tmpdir(), "edge-balancer-state-"));
    const { balancer, config, origins } = await start(["a", "b"], { health_check: CHECK }, { state });
    const [a] = origins;
    await a?.behave({ path: "/healthz", status: 500 });
    await eventually("a is out", () => loggedEvents(balancer, "unhealthy").length > 0);
    await balancer.kill();
    balancers = [];
    await a?.forget();
    const again = await startBalancer({ config, state });
    balancers.push(again);
    expect(new Set(await served(again, 10))).toEqual(new Set(["b"]));
    const hits = (await a?.hits()) ?? [];
    expect(hits.filter(({ url }) => url !== "/healthz")).toEqual([]);
    rmSync(state, { recursive: true, force: true });
  });
});

describe("when every origin is down", () => {
  test("clients get a 503 they can act on, and service comes back by itself", async () => {
    const { balancer, origins } = await start(["a", "b"], { health_check: CHECK });
    await served(balancer, 2);
    await Promise.all(origins.map((origin) => origin.close()));
    await eventually("both are out", () => loggedEvents(balancer, "unhealthy").length === 2);
    const reply = await eventually("the edge knows", async () => {
      const reply = await fetchRaw(balancer.url, "/");
      return reply.status === 503 ? reply : null;
    });
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(json(reply)).toMatchObject({ type: "no_origin_available", status: 503 });
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    await Promise.all(origins.map((origin) => origin.reopen()));
    await eventually("service is back", async () => (await fetchRaw(balancer.url, "/")).status === 200);
  });
});
