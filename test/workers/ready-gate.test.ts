/** A pool that was just written to KV, and an object that nobody has asked yet: whatever it is asked first, it looks first. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, inject, it } from "vitest";
import type { PoolAdminRpc } from "../../src/contract/admin.ts";
import type { PoolRpc } from "../../src/contract/sync.ts";

const [url = ""] = inject("origins");

let count = 0;
let pool = "";

beforeEach(async () => {
  pool = `ready-${++count}`;
  const text = JSON.stringify({ origins: [{ id: "a", url }], coordination: "strict", health_check: {} });
  await env.POOLS.put(`pool:${pool}`, text, { metadata: { updated_at: Date.now() } });
});

type Stub = PoolRpc & PoolAdminRpc;

const request = { isolate: "i", attempt: "1", client_ip: null, key: null, pinned: null, tried: [] };
const FIRST_CALLS: Record<string, (stub: Stub) => Promise<unknown>> = {
  "a drain": (stub) => stub.drain("a", "test"),
  "a check": async (stub) => (await stub.check(null, "test")).checked,
  "the versions": async (stub) => (await stub.versions()).length,
  "the description": async (stub) => (await stub.describe()).configured,
  "a strict pick": async (stub) => (await stub.pick(request as never))?.origin,
};
const ANSWERS: Record<string, unknown> = {
  "a drain": "changed",
  "a check": true,
  "the versions": 1,
  "the description": true,
  "a strict pick": "a",
};

it.each(Object.entries(FIRST_CALLS))(
  "the first call finds the configuration in KV: %s",
  async (what, call) => {
    const stub = env.UPSTREAM_POOL.getByName(pool) as unknown as Stub;
    expect(await call(stub)).toEqual(ANSWERS[what]);
  },
);
