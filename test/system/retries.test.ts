/**
 * The cost of a retry, and the cases in which there is none: tokens and the budget are taken when a request is sent.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PoolStats } from "../../src/contract/stats.ts";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";
import { warmUp } from "./support/warm-up.ts";

const LIMIT = 10;

const KINDS = ["leased", "strict"] as const;
/** Within a pool one test after the other. */
const IN_TURN = { concurrent: false };

const originsOf = { leased: [] as Origin[], strict: [] as Origin[] };
let balancer: Balancer;

beforeAll(async () => {
  const pools: Record<string, unknown> = {};
  for (const coordination of KINDS) {
    originsOf[coordination] = await startOrigins("a", "b");
    const [a, b] = originsOf[coordination].map((origin) => origin.config());
    const dead = { id: "dead", url: `http://127.0.0.1:${await freePort()}` };
    pools[`alone-${coordination}`] = { origins: [a], rate_limit: LIMIT, coordination };
    pools[`only-${coordination}`] = { origins: [a], coordination };
    pools[`dead-${coordination}`] = { origins: [a, dead], failover: { max_attempts: 6 }, coordination };
    const failover = { retry_on: [522], max_attempts: 2 };
    pools[`status-${coordination}`] = { origins: [a, b], failover, coordination };
  }
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { routes: Object.keys(pools).map((pool) => ({ host: `${pool}.test`, pool })), pools },
  });
  // From then on their origins take turns without a break.
  await warmUp(
    balancer.url,
    Object.fromEntries(KINDS.map((kind) => [`status-${kind}`, `status-${kind}.test`])),
  );
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.forget())));
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.kill())));
});

/** Requests so far, by pool. */
const sent = new Map<string, number>();

async function get(pool: string, headers: Record<string, string> = {}): Promise<number> {
  sent.set(pool, (sent.get(pool) ?? 0) + 1);
  return (await fetchRaw(balancer.url, "/", { headers: { host: `${pool}.test`, ...headers } })).status;
}

/** The pool's statistics, once its object has heard of all requests. */
function allReported(pool: string): Promise<PoolStats> {
  return eventually("all to be reported", async () => {
    const stats = await poolStats(balancer.url, pool);
    return stats.clients.requests >= (sent.get(pool) ?? 0) && stats;
  });
}

// The kinds beside each other, the tests of one after the other.
describe.concurrent.each(KINDS)("a %s pool", (kind) => {
  const first = (): Origin => {
    const [origin] = originsOf[kind];
    if (origin === undefined) throw new Error("there are two");
    return origin;
  };
  const hits = async () => (await first().hits()).length;

  afterEach(async () => {
    for (const origin of originsOf[kind]) {
      await origin.behave();
      await origin.forget();
    }
    await nothingOpen(
      balancer,
      ["alone", "only", "dead", "status"].map((pool) => `${pool}-${kind}`),
    );
  });

  test(
    "takes one token for each request that is sent, however often it searched for another origin",
    IN_TURN,
    async () => {
      await get(`alone-${kind}`);
      await first().behave({ status: 503 });
      // An isolate's share may be one short of the limit; three tokens a request would let four through at best. On a busy
      // machine the object's answer may come too late for some.
      await eventually("all but one to reach the origin", async () => {
        // Until all tokens are free again.
        await sleep(1_200);
        await first().forget();
        const statuses = await Promise.all(Array.from({ length: LIMIT }, () => get(`alone-${kind}`)));
        expect(statuses).toEqual(Array(LIMIT).fill(503));
        return (await hits()) >= LIMIT - 1;
      });
    },
  );

  test("that has no other origin never reports a retry", IN_TURN, async () => {
    await first().behave({ status: 503 });
    for (let i = 0; i < 150; i++) await get(`only-${kind}`);
    expect(await hits()).toBe(150);
    const stats = await allReported(`only-${kind}`);
    expect(stats).toMatchObject({ retries: 0 });
    expect(JSON.stringify(stats)).not.toMatch(/"retry_overflow":[1-9]/);
  });

  test(
    "does not ask an origin again that has answered, when another cannot be reached",
    IN_TURN,
    async () => {
      await first().behave({ status: 503 });
      for (let i = 0; i < 6; i++) {
        await first().forget();
        expect([502, 503]).toContain(await get(`dead-${kind}`));
        expect(await hits()).toBeLessThanOrEqual(1);
      }
    },
  );

  test(
    "retries a request with a large head after an unreachable origin too, and blames no client and no other origin",
    IN_TURN,
    async () => {
      const errors = async () => (await allReported(`dead-${kind}`)).origins.dead?.errors;
      const before = await errors();
      const large = { "x-large": "y".repeat(15 * 1_024) };
      for (let i = 0; i < 6; i++) expect(await get(`dead-${kind}`, large)).toBe(200);
      expect(await errors()).toBe(before);
    },
  );

  test("retries for a status of Cloudflare's own in retry_on, and for no other", IN_TURN, async () => {
    await first().behave({ status: 522 });
    for (let i = 0; i < 2; i++) expect(await get(`status-${kind}`)).toBe(200);
    expect(await hits(), "one of them went on").toBe(1);
    // Until it is no longer passed over for having been out of reach.
    await sleep(1_200);
    await first().behave({ status: 521 });
    expect([await get(`status-${kind}`), await get(`status-${kind}`)].sort()).toEqual([200, 502]);
  });
});
