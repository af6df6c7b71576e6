/** A client that leaves while a strict pool's object picks for it holds nothing there. */
import { env, exports } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import type { PickRequest } from "../../src/contract/strict.ts";
import { UpstreamPool } from "../../src/pool/upstream-pool.ts";
import { configure, ORIGINS } from "./strict-pool.ts";
import { TestClock } from "./test-clock.ts";

const URL = "http://strict.example/";
const clock = new TestClock();
const { pick } = UpstreamPool.prototype;

/** Answers to picks wait until it is open. */
let isOpen = true;
let waiting = 0;

UpstreamPool.prototype.pick = async function (this: UpstreamPool, request: PickRequest) {
  const reply = await pick.call(this, request);
  waiting++;
  while (!isOpen) await scheduler.wait(0);
  waiting--;
  return reply;
};

afterEach(() => {
  isOpen = true;
});

async function status(): Promise<number> {
  const response = await exports.default.fetch(URL);
  await response.text();
  return response.status;
}

it("a pick whose client has left by then is free at once", async () => {
  const pool = await configure({ origins: [{ ...ORIGINS[0], max_connections: 1 }], rate_limit: 10 });
  await env.POOLS.put("routes", JSON.stringify([{ pool }]));
  // Its report is what later requests leave to it: they keep nothing going.
  expect(await status()).toBe(200);
  await clock.still(async () => {
    await expect.poll(status).toBe(200);
    isOpen = false;
    const client = new AbortController();
    const asking = exports.default.fetch(URL, { signal: client.signal }).catch(() => null);
    await expect.poll(() => waiting).toBe(1);
    client.abort();
    await asking;
    isOpen = true;
    await expect.poll(status, { timeout: 3_000 }).toBe(200);
  });
});
