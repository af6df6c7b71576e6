/**
 * Origins fail and come back: which of them get requests, and what is said of them. Each test has origins and a pool of
 * its own, and they wait for the same clock beside each other.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { eventsOf } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import type { Behaviour } from "./support/origin-contract.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PROBE_TIMEOUT_S } from "./support/patience.ts";

const CHECK = {
  ...{ path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S },
  ...{ healthy_threshold: 2, unhealthy_threshold: 3 },
};
const FLAP = { max_transitions: 3, window: 60, base_hold: 60 };

/** Flapping at which checks, by pool. */
const FLAPPING = [
  {
    pool: "every-other",
    what: "every other one, with thresholds of 1",
    thresholds: { unhealthy_threshold: 1, healthy_threshold: 1 },
    statuses: [503, 200],
    at: [1, 2, 3, 4],
  },
  {
    pool: "three-two",
    what: "three, then two, with thresholds of 3 and 2",
    thresholds: { unhealthy_threshold: 3, healthy_threshold: 2 },
    statuses: [503, 503, 503, 200, 200],
    at: [3, 5, 8, 10],
  },
];

/** What a pool is, beside its origins a and b, and what a does from the beginning. */
const POOLS: Record<string, [config: object, a?: Behaviour]> = {
  silent: [
    {
      outlier_detection: { consecutive_failures: 5, base_ejection_time: 300 },
      // Short, but long enough for the other origin on a busy machine.
      failover: { attempt_timeout: 3 },
    },
    { fault: "hang" },
  ],
  third: [
    { outlier_detection: { failure_percent: 30, base_ejection_time: 300 } },
    { statuses: [200, 200, 500] },
  ],
  ...Object.fromEntries(
    FLAPPING.map(({ pool, thresholds, statuses }) => [
      pool,
      [{ health_check: { ...CHECK, ...thresholds, flap: FLAP } }, { path: CHECK.path, statuses }],
    ]),
  ),
  "two-of-three": [{ health_check: CHECK }, { path: CHECK.path, statuses: [503, 503, 200] }],
  down: [{ health_check: CHECK }],
};

const originsOf: Record<string, Origin[]> = {};
let balancer: Balancer;

beforeAll(async () => {
  const pools = await Promise.all(
    Object.entries(POOLS).map(async ([pool, [config, behaviour]]) => {
      const origins = await startOrigins("a", "b");
      originsOf[pool] = origins;
      if (behaviour !== undefined) await origins[0]?.behave(behaviour);
      return [pool, { ...config, origins: origins.map((origin) => origin.config()) }] as const;
    }),
  );
  const routes = Object.keys(POOLS).map((pool) => ({ host: `${pool}.test`, pool }));
  balancer = await startBalancer({ config: { routes, pools: Object.fromEntries(pools) } });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.kill())));
});

const get = (pool: string) => fetchRaw(balancer.url, "/", { headers: { host: `${pool}.test` } });

async function served(pool: string, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push((await get(pool)).headers["x-origin"] ?? "none");
  return names;
}

/** The checks that a has had. */
const checksOf = async (pool: string) =>
  ((await originsOf[pool]?.[0]?.hits()) ?? []).filter(({ url }) => url === CHECK.path);

/** What was said of a, each with how many checks it had had by then. */
async function changes(pool: string): Promise<[checks: number, event: string][]> {
  const probes = await checksOf(pool);
  return eventsOf(balancer, pool, "healthy", "unhealthy", "flapping").map(({ event, origin, time }) => {
    expect(origin).toBe("a");
    return [probes.filter(({ atMs }) => atMs <= Date.parse(time)).length, event];
  });
}

describe.concurrent("an origin", () => {
  test("that accepts and never answers is given up for another one each time, and ejected after five in a row", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) statuses.push((await get("silent")).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await eventually("it is said", () => eventsOf(balancer, "silent", "ejected").length > 0);
    expect(eventsOf(balancer, "silent", "ejected").map(({ origin }) => origin)).toEqual(["a"]);
    expect((await originsOf.silent?.[0]?.hits())?.length).toBe(5);
  });

  test("that fails every third request, and so never five in a row, is ejected for its share of failures", async () => {
    await eventually("it is ejected", async () => {
      await served("third", 10);
      return eventsOf(balancer, "third", "ejected").length > 0;
    });
    expect(eventsOf(balancer, "third", "ejected").map(({ origin, detail }) => [origin, detail])).toEqual([
      ["a", "failure percent"],
    ]);
    await eventually("b serves alone", async () => {
      const names = new Set(await served("third", 6));
      return names.size === 1 && names.has("b");
    });
  });

  test.each(FLAPPING)(
    "that fails and passes its checks in turn, $what: is judged by the thresholds exactly, then held as flapping",
    async ({ pool, statuses, at }) => {
      await eventually("it is held", () => eventsOf(balancer, pool, "flapping").length > 0);
      const events = ["unhealthy", "healthy", "unhealthy", "flapping"];
      expect(await changes(pool)).toEqual(events.map((event, index) => [at[index], event]));
      const atRest = async () => new Set(await served(pool, 6));
      await eventually("nothing is sent there", async () => (await atRest()).size === 1);
      const seen = (await checksOf(pool)).length;
      await eventually("more checks, passed ones too", async () => {
        return (await checksOf(pool)).length >= seen + statuses.length;
      });
      expect(await atRest()).toEqual(new Set(["b"]));
    },
  );

  test("that passes a check between two of three failures is not taken out: the count begins anew", async () => {
    await eventually("nine checks", async () => (await checksOf("two-of-three")).length >= 9);
    expect(await changes("two-of-three")).toEqual([]);
    expect(new Set(await served("two-of-three", 6))).toEqual(new Set(["a", "b"]));
  });

  test("that is down as all others are: clients get a 503 they can act on, and service comes back by itself", async () => {
    const origins = originsOf.down ?? [];
    await served("down", 2);
    await Promise.all(origins.map((origin) => origin.close()));
    await eventually("both are out", () => eventsOf(balancer, "down", "unhealthy").length === 2);
    const reply = await eventually("the edge knows", async () => {
      const reply = await get("down");
      return reply.status === 503 ? reply : null;
    });
    expect(reply.headers["content-type"]).toBe("application/problem+json");
    expect(json(reply)).toMatchObject({ type: "no_origin_available", status: 503 });
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    // A busy machine makes one or another late, but a wait in the path all of them.
    await eventually("an answer without a wait", async () => {
      const startedMs = performance.now();
      expect((await get("down")).status).toBe(503);
      return performance.now() - startedMs < 50;
    });
    await Promise.all(origins.map((origin) => origin.reopen()));
    await eventually("service is back", async () => (await get("down")).status === 200);
  });
});
