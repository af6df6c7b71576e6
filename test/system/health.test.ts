/**
 * Origins fail and come back while clients are served: real processes, killed and restarted.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

async function start(
  names: string[],
  pool: Record<string, unknown>,
  { prepare, ...more }: Partial<BalancerOptions> & { prepare?: (origins: Origin[]) => Promise<void> } = {},
) {
  origins = await startOrigins(...names);
  await prepare?.(origins);
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

/** How long an isolate with traffic may take to hear of a change, and as long again for a busy machine. */
const HEARD_MS = 3_000;

/** Runs `work` while 50 clients send one GET after the other. @returns how often each status came */
async function underLoad(
  balancer: Balancer,
  work: (seen: ReadonlyMap<number, number>) => Promise<void>,
): Promise<ReadonlyMap<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const seen = new Map<number, number>();
  let running = true;
  const clients = Array.from({ length: 50 }, async () => {
    while (running) {
      const { status } = await fetchRaw(balancer.url, "/", { agent });
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
  });
  const over = Promise.all(clients);
  try {
    await Promise.race([work(seen), over]);
  } finally {
    running = false;
    await over;
    agent.destroy();
  }
  return seen;
}

describe("an origin that is killed under load", () => {
  test("costs no client an error, leaves the rotation by its checks, and comes back", async () => {
    const { balancer, origins } = await start(["a", "b", "c"], { health_check: CHECK });
    const [, b] = origins;
    if (b === undefined) throw new Error("there are three");
    const isSaid = (kind: string) => () => loggedEvents(balancer, kind).some(({ origin }) => origin === "b");
    const seen = await underLoad(balancer, async (seen) => {
      await eventually("some traffic", () => (seen.get(200) ?? 0) > 500);
      await b.kill();
      await eventually("b is out", isSaid("unhealthy"));
      await sleep(HEARD_MS);
      await b.restart();
      await eventually("b is back", isSaid("healthy"));
      await eventually("b is used", async () => (await served(balancer, 6)).includes("b"));
    });
    expect([...seen.keys()], "statuses the clients saw").toEqual([200]);
    expect(
      loggedEvents(balancer, "unhealthy", "healthy").map(({ event, origin }) => [event, origin]),
    ).toEqual([
      ["unhealthy", "b"],
      ["healthy", "b"],
    ]);
    const probesBefore = (await b.hits()).findIndex(({ url }) => url !== CHECK.path);
    expect(probesBefore, "checks it passed before its first request").toBeGreaterThanOrEqual(
      CHECK.healthy_threshold,
    );
  });
});

describe("an origin that accepts and never answers", () => {
  test("is given up for another one each time, and ejected after five in a row", async () => {
    const { balancer, origins } = await start(["a", "b"], {
      outlier_detection: { consecutive_failures: 5, base_ejection_time: 300 },
      // Short, but long enough for the other origin on a busy machine.
      failover: { attempt_timeout: 1.5 },
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

describe("an origin that fails every third request, and so never five in a row", () => {
  test("is ejected for its share of failures", async () => {
    const { balancer } = await start(
      ["a", "b"],
      { outlier_detection: { failure_percent: 30, base_ejection_time: 300 } },
      { prepare: async ([a]) => a?.behave({ statuses: [200, 200, 500] }) },
    );
    await eventually("it is ejected", async () => {
      await served(balancer, 10);
      return loggedEvents(balancer, "ejected").length > 0;
    });
    expect(loggedEvents(balancer, "ejected").map(({ origin, detail }) => [origin, detail])).toEqual([
      ["a", "failure percent"],
    ]);
    expect(new Set(await served(balancer, 6))).toEqual(new Set(["b"]));
  });
});

describe("an origin that fails and passes its checks in turn", () => {
  const FLAP = { max_transitions: 3, window: 60, base_hold: 60 };

  /** What was said of a, each with how many checks it had had by then. */
  async function changes(
    balancer: Balancer,
    a: Origin | undefined,
  ): Promise<[checks: number, event: string][]> {
    const probes = ((await a?.hits()) ?? []).filter(({ url }) => url === CHECK.path);
    return loggedEvents(balancer, "healthy", "unhealthy", "flapping").map(({ event, origin, time }) => {
      expect(origin).toBe("a");
      return [probes.filter(({ atMs }) => atMs <= Date.parse(time)).length, event];
    });
  }

  test.each([
    {
      what: "every other one, with thresholds of 1",
      thresholds: { unhealthy_threshold: 1, healthy_threshold: 1 },
      statuses: [503, 200],
      at: [1, 2, 3, 4],
    },
    {
      what: "three, then two, with thresholds of 3 and 2",
      thresholds: { unhealthy_threshold: 3, healthy_threshold: 2 },
      statuses: [503, 503, 503, 200, 200],
      at: [3, 5, 8, 10],
    },
  ])("$what: is judged by the thresholds exactly, then held as flapping", async (scenario) => {
    const { thresholds, statuses, at } = scenario;
    const { balancer, origins } = await start(
      ["a", "b"],
      { health_check: { ...CHECK, ...thresholds, flap: FLAP } },
      { prepare: async ([a]) => a?.behave({ path: CHECK.path, statuses }) },
    );
    const [a] = origins;
    await eventually("it is held", () => loggedEvents(balancer, "flapping").length > 0);
    const events = ["unhealthy", "healthy", "unhealthy", "flapping"];
    expect(await changes(balancer, a)).toEqual(events.map((event, index) => [at[index], event]));
    const atRest = async () => new Set(await served(balancer, 6));
    await eventually("nothing is sent there", async () => (await atRest()).size === 1);
    const checks = async () => ((await a?.hits()) ?? []).filter(({ url }) => url === CHECK.path).length;
    const seen = await checks();
    await eventually("more checks, passed ones too", async () => (await checks()) >= seen + statuses.length);
    expect(await atRest()).toEqual(new Set(["b"]));
  });

  test("one result of the other kind begins the count anew: two of three failures take nobody out", async () => {
    const { balancer, origins } = await start(
      ["a", "b"],
      { health_check: CHECK },
      { prepare: async ([a]) => a?.behave({ path: CHECK.path, statuses: [503, 503, 200] }) },
    );
    const [a] = origins;
    await eventually("nine checks", async () => {
      return ((await a?.hits()) ?? []).filter(({ url }) => url === CHECK.path).length >= 9;
    });
    expect(await changes(balancer, a)).toEqual([]);
    expect(new Set(await served(balancer, 6))).toEqual(new Set(["a", "b"]));
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
    const tookMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedMs = performance.now();
      expect((await fetchRaw(balancer.url, "/")).status).toBe(503);
      tookMs.push(performance.now() - startedMs);
    }
    // The fastest: a busy machine makes any one of them late, but a wait in the path all of them.
    expect(Math.min(...tookMs)).toBeLessThan(50);
    await Promise.all(origins.map((origin) => origin.reopen()));
    await eventually("service is back", async () => (await fetchRaw(balancer.url, "/")).status === 200);
  });
});
