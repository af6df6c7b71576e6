/** Pools with `coordination: "strict"`, and what their isolates ask of them. */
import { env } from "cloudflare:workers";
import { inject } from "vitest";
import type { PickRequest } from "../../src/contract/strict.ts";
import type { SyncReport } from "../../src/contract/sync.ts";

const [first = "", second = "", third = ""] = inject("origins");
export const ORIGINS = [first, second, third].map((url, i) => ({ id: "abc"[i] ?? "", url }));
export const NOBODY = { client_ip: "", key: null, pinned: null, tried: [] };

let pool = "";
let count = 0;
let attempts = 0;

/** The object of the pool that the test made. */
export const stub = () => env.UPSTREAM_POOL.getByName(pool);

/** Makes a strict pool for this test, which all else here is about. @returns its id */
export async function configure(more: Record<string, unknown> = {}): Promise<string> {
  pool = `strict-${++count}`;
  const document = { coordination: "strict", origins: ORIGINS, log: { sample: 0 }, ...more };
  await env.POOLS.put(`pool:${pool}`, JSON.stringify(document), { metadata: { updated_at: Date.now() } });
  await stub().wake();
  return pool;
}

/** One pick for an isolate. */
export async function pick(isolate: string, more: Partial<PickRequest> = {}) {
  const attempt = String(++attempts);
  const reply = await stub().pick({ ...NOBODY, isolate, attempt, ...more });
  const release = () => stub().release({ isolate, attempt, failed: false, latency_ms: 1 });
  return { ...reply, attempt, release };
}

/** A report as an isolate of a strict pool makes it. */
export function report(isolate: string, more: Partial<SyncReport> = {}): SyncReport {
  return {
    isolate,
    sequence: ++attempts,
    snapshot: 0,
    active: {},
    origins: {},
    demand: { requests: 1, elapsed_ms: 1_000 },
    cursor: { want: 100, returned: [] },
    ...more,
  };
}
