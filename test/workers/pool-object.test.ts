/**
 * The pool's object and its platform: what it writes, how often it reads KV, and what may not hold up its alarm.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import type { SyncReport } from "../../src/contract/sync.ts";
import type { UpstreamPool } from "../../src/index.ts";
import { openGate, stands } from "./gates.ts";
import { clock } from "./test-clock.ts";

const [url = ""] = inject("origins");
const CHECK = { interval: 0.5, timeout: 1 };

let count = 0;
let pool = "";

beforeEach(() => {
  pool = `object-${++count}`;
});
afterEach(() => void vi.restoreAllMocks());

const stub = () => env.UPSTREAM_POOL.getByName(pool);

async function configure(document: Record<string, unknown>): Promise<void> {
  const text = JSON.stringify({ origins: [{ id: "a", url }], ...document });
  await env.POOLS.put(`pool:${pool}`, text, { metadata: { updated_at: Date.now() } });
  await stub().wake();
}

let sequence = 0;
const report = (): SyncReport => ({
  isolate: "test",
  sequence: ++sequence,
  snapshot: 0,
  active: {},
  origins: {},
  demand: { requests: 1, elapsed_ms: 1_000 },
  cursor: { want: 8, returned: [] },
});

/** The object's own binding, which the test's is not. */
async function withKv<T>(act: (kv: KVNamespace) => T): Promise<T> {
  // biome-ignore lint/complexity/useLiteralKeys: it is protected, and this is the only way in
  return await runInDurableObject(stub(), (instance: UpstreamPool) => act(instance["env"].POOLS));
}

async function probedAt(): Promise<number> {
  return (await stub().describe()).origins[0]?.last_probe?.at ?? 0;
}

describe("the alarm", () => {
  it("is not set anew by each call while it is at work and more is due than six probes can do", async () => {
    const origins = Array.from({ length: 12 }, (_, i) => ({ id: `o${i}`, url }));
    // Longer than the calls take on any machine.
    await configure({ origins, health_check: { path: "/?gate=at-work", interval: 0.5, timeout: 60 } });
    const ringing = runDurableObjectAlarm(stub());
    await stands("at-work", 6);
    const sets = await runInDurableObject(stub(), (_instance, state) => vi.spyOn(state.storage, "setAlarm"));
    for (let i = 0; i < 100; i++) await stub().sync(report());
    expect(sets, "for 100 calls").not.toHaveBeenCalled();
    await openGate("at-work");
    await ringing;
  });

  /** It rings again and again, and nothing holds it up, until the origin has been probed so much later. */
  async function ringsOn(forMs: number): Promise<void> {
    const untilMs = clock.nowMs + forMs;
    await clock.until(async () => {
      await runDurableObjectAlarm(stub());
      expect(await probedAt()).toBeGreaterThan(untilMs);
    });
  }

  it("rings on while KV does not answer", async () => {
    await configure({ health_check: CHECK });
    await withKv((kv) => vi.spyOn(kv, "getWithMetadata").mockImplementation(() => new Promise(() => {})));
    // The next look into KV is five seconds away at most.
    await ringsOn(6_000);
  });

  it("rings on while a receiver of notifications does not answer", async () => {
    await configure({
      notify_url: `${url}/hang`,
      health_check: { ...CHECK, path: "/?status=500", unhealthy_threshold: 1 },
    });
    await clock.until(async () => {
      await runDurableObjectAlarm(stub());
      const kinds = (await stub().events()).map(({ kind }) => kind);
      expect(kinds.slice(0, 2)).toEqual(["pool_down", "unhealthy"]);
    });
    await ringsOn(2_000);
  });
});

describe("KV", () => {
  it("is read once for many simultaneous isolates, and once a second, for a pool without configuration", async () => {
    const reads = await withKv((kv) => vi.spyOn(kv, "getWithMetadata"));
    const replies = await Promise.all(Array.from({ length: 50 }, () => stub().sync(report())));
    expect(replies.every(({ configured }) => !configured)).toBe(true);
    expect(reads.mock.calls.length).toBe(1);
  });

  it("delays all calls that come during its first read", async () => {
    await env.POOLS.put(`pool:${pool}`, JSON.stringify({ origins: [{ id: "a", url }] }));
    const replies = await Promise.all(Array.from({ length: 20 }, () => stub().sync(report())));
    expect(replies.every(({ configured }) => configured)).toBe(true);
  });
});
