/**
 * An isolate that lives for months, while pools come and go. A thousand pools are too many to make their objects for a
 * test, so these are played: none has a configuration.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { SyncReply, SyncReport } from "../../src/contract/sync.ts";
import { proxy } from "../../src/edge/proxy.ts";
import type { Env } from "../../src/platform/env.ts";
import { clock } from "./test-clock.ts";

/** Two pools each. */
const MOST_ROUTES = 1_000;

const UNKNOWN: SyncReply = {
  snapshot: null,
  cursor: null,
  active: {},
  next_sync_ms: 1_000,
  configured: false,
};

/** Ids of the isolates that have called, as the objects of pools see them. */
const seen = new Set<string>();

const routes = Array.from({ length: MOST_ROUTES }, (_, i) => ({
  host: `host-${i}.example`,
  pool: `pool-${i}`,
  fallback_pool: `other-${i}`,
}));

const played = {
  ...env,
  POOLS: {
    getWithMetadata: async (key: string) => ({
      value: key === "routes" ? JSON.stringify(routes) : null,
      metadata: { updated_at: 1 },
    }),
  },
  LB_NAME: "lb-memory",
  UPSTREAM_POOL: {
    getByName: () => ({
      sync: async ({ isolate }: SyncReport) => {
        seen.add(isolate);
        return UNKNOWN;
      },
    }),
  },
} as unknown as Env;

const ctx = createExecutionContext();
// Thousands of waits, each a second or less.
afterAll(() => clock.pass(waitOnExecutionContext(ctx), { stepMs: 1_000, everyMs: 20 }));

async function request(host: number): Promise<number> {
  return (await proxy(new Request(`http://host-${host}.example/`), played, ctx)).status;
}

beforeAll(() => void vi.spyOn(console, "log").mockImplementation(() => undefined));

it("begins anew when it remembers twice as many pools as there can be", async () => {
  for (let host = 0; host < MOST_ROUTES - 1; host++) await request(host);
  expect(await request(0), "of a pool that is not there").toBe(503);
  expect(seen.size).toBe(1);
  await request(MOST_ROUTES - 1);
  expect(seen.size, "it is full").toBe(1);
  expect(await request(0)).toBe(503);
  expect(seen.size, "another one has begun").toBe(2);
});
