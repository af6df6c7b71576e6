import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { AcquireReply, SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { LeasedLimiter } from "../../src/core/rate-limit/leased-limiter.ts";
import type { RateReport } from "../../src/core/rate-limit/rate-lease.ts";
import { clock } from "./test-clock.ts";

const LIMIT = 40;
const TOKEN_MS = 50;
const origins = inject("origins");

beforeAll(async () => {
  const [first = "", second = ""] = origins;
  const pools = {
    "limit-shares": { origins: [{ id: "a", url: first, rate_limit: LIMIT }] },
    "limit-world": { origins: [{ id: "a", url: first, rate_limit: LIMIT }] },
    "limit-restart": { origins: [{ id: "a", url: first, rate_limit: LIMIT }] },
    "limit-tokens": {
      origins: [
        { id: "a", url: first, rate_limit: LIMIT },
        { id: "free", url: second },
      ],
    },
    "limit-burst": {
      origins: [
        { id: "a", url: first },
        { id: "b", url: second },
      ],
      rate_limit: LIMIT,
    },
    "limit-edge": { origins: [{ id: "a", url: first }], rate_limit: 2 },
    "limit-spill": {
      origins: [
        { id: "a", url: first, rate_limit: 1 },
        { id: "b", url: second },
      ],
    },
    "limit-sticky": {
      origins: [
        { id: "a", url: first, rate_limit: 1 },
        { id: "b", url: second },
      ],
      sticky: true,
    },
  };
  for (const [id, pool] of Object.entries(pools)) {
    await env.POOLS.put(`pool:${id}`, JSON.stringify({ ...pool, log: { sample: 0 } }));
  }
  const routes = Object.keys(pools).map((pool) => ({ host: `${pool}.example`, pool }));
  await env.POOLS.put("routes", JSON.stringify(routes));
});

/** An isolate with one origin, `a`, that talks to the real object. */
class FakeIsolate {
  readonly name: string;
  readonly pool: string;
  readonly limiter = new LeasedLimiter(LIMIT);
  #sequence = 0;

  constructor(pool: string, name: string) {
    this.pool = pool;
    this.name = name;
  }

  report(rates: Record<string, RateReport>): SyncReport {
    return {
      isolate: this.name,
      sequence: ++this.#sequence,
      snapshot: this.#sequence === 1 ? 0 : 1,
      active: {},
      origins: {},
      demand: { requests: 1, elapsed_ms: 1_000 },
      cursor: { want: 0, returned: [] },
      rates,
    };
  }

  async sync(): Promise<SyncReply> {
    const sentMs = Date.now();
    const reply = await env.UPSTREAM_POOL.getByName(this.pool).sync(
      this.report({ a: this.limiter.report(sentMs) }),
    );
    const grant = reply.rates?.a;
    if (grant !== undefined) this.limiter.apply(grant, sentMs, Date.now());
    return reply;
  }

  async acquire(): Promise<AcquireReply> {
    const sentMs = Date.now();
    const a = this.limiter.request(sentMs, TOKEN_MS);
    const reply: AcquireReply = await env.UPSTREAM_POOL.getByName(this.pool).acquire({
      isolate: this.name,
      rates: { a },
    });
    const grant = reply.rates.a;
    if (grant !== undefined) this.limiter.apply(grant, sentMs, Date.now());
    this.limiter.requestDone(Date.now(), false);
    return reply;
  }

  /** As many requests as may start now; at most `most`. */
  spend(most: number): number {
    let started = 0;
    while (started < most && this.limiter.allows(Date.now()) && this.limiter.take(Date.now())) started++;
    if (started < most) this.limiter.refused(Date.now());
    return started;
  }
}

const effectiveLimits = (isolates: FakeIsolate[]): number =>
  isolates.reduce((sum, { limiter }) => sum + limiter.effectiveLimit(Date.now()), 0);

describe("shares from the object", () => {
  it("gives a cold isolate a share with its first sync, and never more than the limit in all", async () => {
    const isolates = Array.from({ length: 12 }, (_, i) => new FakeIsolate("limit-shares", `i${i}`));
    const first = await isolates[0]?.sync();
    expect(first?.rates?.a?.share).toBeGreaterThan(0);
    await Promise.all(isolates.map((isolate) => isolate.sync()));
    await Promise.all(isolates.map((isolate) => isolate.sync()));
    expect(effectiveLimits(isolates)).toBeLessThanOrEqual(LIMIT);
  });

  it("has no rates for an isolate whose version does not know them", async () => {
    const { rates: _, ...old } = new FakeIsolate("limit-shares", "old").report({});
    expect(await env.UPSTREAM_POOL.getByName("limit-shares").sync(old)).not.toHaveProperty("rates");
  });

  it("includes tokens for a request that finds none, and only of origins with a limit", async () => {
    const isolate = new FakeIsolate("limit-tokens", "one");
    const reply = await isolate.sync();
    expect(Object.keys(reply.rates ?? {})).toEqual(["a"]);
    isolate.spend(LIMIT);
    await isolate.acquire();
    expect(isolate.limiter.allows(Date.now())).toBe(true);
  });

  it("is not granted a second time after a restart", async () => {
    const old = new FakeIsolate("limit-restart", "old");
    const fresh = new FakeIsolate("limit-restart", "fresh");
    await old.sync();
    expect(old.limiter.effectiveLimit(Date.now())).toBeGreaterThan(0);
    await evictDurableObject(env.UPSTREAM_POOL.getByName("limit-restart"));
    await fresh.sync();
    await fresh.acquire();
    await old.sync();
    const spent = fresh.spend(LIMIT);
    expect(spent, "what was certainly not given").toBeGreaterThan(0);
    expect(old.limiter.effectiveLimit(Date.now())).toBeGreaterThan(0);
    expect(spent + old.limiter.effectiveLimit(Date.now())).toBeLessThanOrEqual(LIMIT);
  });

  it("keeps every second within the limit for several busy isolates", async () => {
    const isolates = Array.from({ length: 4 }, (_, i) => new FakeIsolate("limit-world", `i${i}`));
    const starts: number[] = [];
    const act = async (isolate: FakeIsolate, turn: number) => {
      if (turn % 20 === 0) await isolate.sync();
      for (let i = isolate.spend(3); i > 0; i--) starts.push(Date.now());
      if (isolate.limiter.canRequest(Date.now()) && !isolate.limiter.allows(Date.now()))
        await isolate.acquire();
    };
    const untilMs = Date.now() + 2_500;
    for (let turn = 0; Date.now() < untilMs; turn++) {
      await Promise.all(isolates.map((isolate) => act(isolate, turn)));
      clock.skip(15);
    }
    const worst = starts.map((from) => starts.filter((at) => at >= from && at < from + 1_000).length);
    expect(Math.max(...worst)).toBeLessThanOrEqual(LIMIT);
    expect(starts.length).toBeGreaterThan(LIMIT);
  });
});

interface Seen {
  status: number;
  type: string | undefined;
  name: string | undefined;
  retryAfter: string | null;
  cookie: string | null;
}

async function ask(host: string, cookie?: string): Promise<Seen> {
  const response = await exports.default.fetch(
    `http://${host}/`,
    cookie === undefined ? {} : { headers: { cookie } },
  );
  const { type, name } = await response.json<{ type?: string; name?: string }>();
  const set =
    response.headers
      .getSetCookie()
      .find((line) => line.startsWith("__lb="))
      ?.split(";")[0] ?? null;
  return {
    status: response.status,
    type,
    name,
    retryAfter: response.headers.get("retry-after"),
    cookie: set,
  };
}

const many = <T>(count: number, one: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, one));

describe("at the edge", () => {
  it("lets through all that the limits allow, though they come at once and the isolate is cold", async () => {
    const seen = await many(2 * LIMIT, () => ask("limit-burst.example"));
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it("answers 503 rate_limited with Retry-After when every origin is at its limit", async () => {
    const beganMs = Date.now();
    const seen = await many(30, () => ask("limit-edge.example"));
    const windows = 1 + Math.ceil((Date.now() - beganMs) / 1_000);
    const served = seen.filter(({ status }) => status === 200).length;
    expect(served).toBeGreaterThanOrEqual(2);
    expect(served).toBeLessThanOrEqual(2 * windows);
    const refused = seen.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status, type }) => `${status} ${type}`))).toEqual(
      new Set(["503 rate_limited"]),
    );
    for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  });

  it("passes over an origin at its limit while another is eligible", async () => {
    const seen = await many(20, () => ask("limit-spill.example"));
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(seen.map(({ name }) => name)).size).toBe(2);
  });

  it("serves a session whose origin is at its limit from another, and keeps it where it was", async () => {
    let first = await ask("limit-sticky.example");
    while (first.name !== (await nameOf("a"))) first = await ask("limit-sticky.example");
    const seen = await many(10, () => ask("limit-sticky.example", first.cookie ?? ""));
    expect(seen.some(({ name }) => name !== first.name)).toBe(true);
    expect(new Set(seen.map(({ cookie }) => cookie))).toEqual(new Set([null]));
  });
});

/** What the origin `id` of the pool `limit-sticky` calls itself. */
async function nameOf(id: "a" | "b"): Promise<string> {
  const url = origins[id === "a" ? 0 : 1] ?? "";
  return (await (await fetch(url)).json<{ name: string }>()).name;
}
