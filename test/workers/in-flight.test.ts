/** Requests that wait for their origin are in flight there, as the pool's object sees it. */
import { exports } from "cloudflare:workers";
import { expect, inject, it, vi } from "vitest";
import { ask } from "./admin-support.ts";

const [url = ""] = inject("origins");
/** More than a lapse at the fastest pace, so that one report would not do. */
const WAIT_MS = 16_000;

it("a slow request of an otherwise idle isolate counts from soon after its start to its end", async () => {
  const failover = { attempt_timeout: 30, total_timeout: 30 };
  await ask("PUT /pools/patient", { body: { origins: [{ id: "a", url }], failover } });
  await ask("PUT /routes", { body: [{ pool: "patient" }] });
  const active = async (): Promise<number> => (await ask("GET /pools/patient")).body.active_connections;

  const startedMs = Date.now();
  const answer = exports.default.fetch(`http://lb.example/?wait=${WAIT_MS}`).then(async (response) => {
    await response.text();
    return response.status;
  });
  await vi.waitUntil(async () => (await active()) === 1, { timeout: 10_000, interval: 100 });
  while (Date.now() < startedMs + WAIT_MS - 1_000) {
    const seen = await active();
    if (Date.now() < startedMs + WAIT_MS) expect(seen).toBe(1);
    await scheduler.wait(200);
  }
  expect(await answer).toBe(200);
  await vi.waitUntil(async () => (await active()) === 0, { timeout: 10_000, interval: 100 });
});
