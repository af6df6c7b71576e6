/** Gives each test a pool of its own, behind an object that can be made to fail, and collects its log lines. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, inject, vi } from "vitest";
import { clock } from "./test-clock.ts";
import { healthy, WrappedObject } from "./wrapped-object.ts";

/** More than the number of tests in any file. */
const MOST_POOLS = 40;

export const ORIGINS = inject("origins")
  .slice(0, 3)
  .map((url, i) => ({ id: "abc"[i] ?? "", url }));

export let pool = "";
/** A request there goes to the pool. */
export let url = "";
export let object = new WrappedObject();
export let lines: Record<string, unknown>[] = [];

/** Sets the above for each test of a file. @param prefix of the pools' names */
export function withWrappedPools(prefix: string): void {
  let count = 0;
  beforeEach(async () => {
    pool = `${prefix}-${++count}`;
    url = `http://${pool}.example/`;
    object = new WrappedObject();
    lines = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
    const routes = Array.from({ length: MOST_POOLS }, (_, i) => `${prefix}-${i}`);
    await env.POOLS.put("routes", JSON.stringify(routes.map((id) => ({ host: `${id}.example`, pool: id }))));
  });
  afterEach(async () => {
    object.wrapper = healthy;
    await clock.pass(object.settle());
    vi.restoreAllMocks();
  });
}

export const stub = () => env.UPSTREAM_POOL.getByName(pool);

/** Writes the pool's document to KV; its object has not seen it yet. */
export async function configure(more: Record<string, unknown> = {}, updatedAt = Date.now()): Promise<void> {
  const document = JSON.stringify({ origins: ORIGINS, log: { sample: 0 }, ...more });
  await env.POOLS.put(`pool:${pool}`, document, { metadata: { updated_at: updatedAt } });
}
