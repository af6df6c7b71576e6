/**
 * The object of one pool in workerd. Each test gets a new pool: `beforeEach(newPool)`.
 * @module
 */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, inject } from "vitest";
import type { OriginReport, SyncReport } from "../../src/contract/sync.ts";
import { clock } from "./test-clock.ts";

/** Two real origins. */
export const [url = "", other = ""] = inject("origins");

/** No answer of an origin is too late on a slow machine. */
export const CHECK = { interval: 0.5, timeout: 60, healthy_threshold: 1, unhealthy_threshold: 2 };

let count = 0;
let sequence = 0;

/** Id of the pool that is tested. */
export let pool = "";

export function newPool(): void {
  pool = `pool-${++count}`;
}

export const stub = () => env.UPSTREAM_POOL.getByName(pool);

export async function configure(document: Record<string, unknown>, updatedAt = Date.now()): Promise<void> {
  await env.POOLS.put(`pool:${pool}`, JSON.stringify(document), { metadata: { updated_at: updatedAt } });
  await stub().wake();
}

export async function origin(id = "a") {
  const found = (await stub().describe()).origins.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no origin ${id}`);
  return found;
}

/** The events so far, in order: `a unhealthy`. */
export const kinds = async () =>
  (await stub().events()).map(({ kind, origin }) => `${origin ?? "-"} ${kind}`).reverse();

export function report(origins: Record<string, OriginReport>, more: Partial<SyncReport> = {}): SyncReport {
  return {
    isolate: "test",
    sequence: ++sequence,
    snapshot: 0,
    active: {},
    origins,
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
    ...more,
  };
}

/** Probes as often as it takes; each alarm runs what is due. */
export async function until(reached: () => Promise<boolean>): Promise<void> {
  await clock.until(async () => {
    await runDurableObjectAlarm(stub());
    expect(await reached()).toBe(true);
  });
}
