/** Requests that wait for their origin are in flight there, as the pool's object sees it. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { ask } from "./admin-support.ts";
import { openGate, stands } from "./gates.ts";
import { clock } from "./test-clock.ts";

const [url = "", other = ""] = inject("origins");
/** More than a lapse at the fastest pace, so that one report would not do. */
const WAIT_MS = 16_000;
const STEP_MS = 500;

it("a slow request of an otherwise idle isolate counts from soon after its start to its end", async () => {
  const failover = { attempt_timeout: 600, total_timeout: 600 };
  await ask("PUT /pools/patient", { body: { origins: [{ id: "a", url }], failover } });
  await ask("PUT /routes", { body: [{ pool: "patient" }] });
  const active = async (): Promise<number> => (await ask("GET /pools/patient")).body.active_connections;

  const answer = exports.default.fetch("http://lb.example/?gate=patient").then(async (response) => {
    await response.text();
    return response.status;
  });
  await stands("patient");
  await clock.until(async () => expect(await active()).toBe(1));
  for (const endMs = clock.nowMs + WAIT_MS; clock.nowMs < endMs; clock.skip(STEP_MS)) {
    // The isolate notices the time and reports.
    await scheduler.wait(20);
    expect(await active()).toBe(1);
  }
  await openGate("patient");
  expect(await answer).toBe(200);
  await clock.until(async () => expect(await active()).toBe(0));
});

it("the last request of a pool is over when its answer is, also where it was reported as open", async () => {
  const origins = [
    { id: "a", url },
    { id: "b", url: other },
  ];
  await ask("PUT /pools/last", { body: { origins } });
  await ask("PUT /pools/patient", { body: { origins } });
  await ask("PUT /routes", { body: [{ host: "last.example", pool: "last" }, { pool: "patient" }] });
  const get = async (query: string) => {
    const response = await exports.default.fetch(`http://last.example/${query}`);
    await response.text();
    return response.status;
  };
  expect(await get("")).toBe(200);
  // Failures are told of at once, at the end of the request that saw them: its own answer is not over then.
  clock.skip(300);
  expect(await get("?status=503&wait=100")).toBe(503);

  const state = async () => (await ask("GET /pools/last")).body;
  await clock.until(async () => expect((await state()).active_connections).toBe(0));
  await ask("POST /pools/last/origins/b/drain");
  await clock.until(async () => {
    await runDurableObjectAlarm(env.UPSTREAM_POOL.getByName("last"));
    expect((await state()).origins[1].drained).toBe(true);
  });
  const [drained] = (await ask("GET /pools/last/events")).body.events;
  expect([drained.kind, drained.detail]).toEqual(["drained", "nothing left"]);
});
