/**
 * When a change is in force: at the object at once, at an isolate with traffic within a second, and at one that was
 * idle from its first request on. On a virtual clock with a way of 40 ms, and through the real data path.
 */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { clock } from "./test-clock.ts";
import { VirtualIsolate } from "./virtual-isolate.ts";
import { VirtualObject } from "./virtual-object.ts";

const SEED = 20_261_124;
const urls = inject("origins").slice(0, 2);
const ORIGINS = ["a", "b"].map((id, i) => ({ id, url: urls[i] }));

let count = 0;

async function inWorld(
  act: (object: VirtualObject, isolate: VirtualIsolate, random: () => number) => void,
): Promise<void> {
  await runInDurableObject(env.UPSTREAM_POOL.getByName(`propagation-${++count}`), (_instance, state) => {
    const random = seededRandom(SEED);
    const object = new VirtualObject(state.storage.sql, { origins: ORIGINS });
    act(object, new VirtualIsolate(object, "isolate", random), random);
  });
}

/** Lets time pass, a millisecond at a time. @returns the time of the last request that went to `a`, or null */
function run(isolate: VirtualIsolate, forMs: number, everyMs: number): number | null {
  const { object } = isolate;
  let lastMs: number | null = null;
  for (const untilMs = object.nowMs + forMs; object.nowMs < untilMs; object.nowMs++) {
    isolate.deliver();
    if (object.nowMs % everyMs === 0 && isolate.request() === "a") lastMs = object.nowMs;
  }
  return lastMs;
}

describe("a change", () => {
  it("is in force within a second at an isolate with traffic, whenever it comes", async () => {
    await inWorld((object, isolate, random) => {
      run(isolate, 3_000, 10);
      for (let turn = 0; turn < 40; turn++) {
        run(isolate, 1_000 + Math.floor(random() * 1_000), 10);
        const changedMs = object.nowMs;
        object.controller.drain("a");
        const lastMs = run(isolate, 2_000, 10) ?? changedMs;
        expect(lastMs - changedMs, `turn ${turn}`).toBeLessThanOrEqual(1_000);
        object.controller.undrain("a");
      }
    });
  });

  it("is in force at once at an isolate that was idle for a second and a quarter, or for hours", async () => {
    await inWorld((object, isolate) => {
      for (const idleMs of [1_251, 2_000, 10_000, 3_600_000]) {
        run(isolate, 3_000, 10);
        object.nowMs += idleMs;
        isolate.deliver();
        object.controller.drain("a");
        const seen = Array.from({ length: 4 }, () => isolate.request());
        expect(new Set(seen), `after ${idleMs} ms`).toEqual(new Set(["b"]));
        object.controller.undrain("a");
      }
    });
  });
});

describe("through the data path", () => {
  const host = (pool: string) => `http://${pool}.example/`;

  async function configure(pool: string, more: Record<string, unknown> = {}): Promise<void> {
    const document = JSON.stringify({ origins: ORIGINS, log: { sample: 0 }, ...more });
    await env.POOLS.put(`pool:${pool}`, document, { metadata: { updated_at: Date.now() } });
    await env.POOLS.put("routes", JSON.stringify([{ host: "*.example", pool }]));
  }

  async function names(pool: string, requests: number): Promise<Set<string>> {
    const seen = new Set<string>();
    for (let i = 0; i < requests; i++) {
      const response = await exports.default.fetch(host(pool));
      seen.add((await response.json<{ name?: string }>()).name ?? `${response.status}`);
    }
    return seen;
  }

  it("an idle isolate uses the changed configuration from its first request on", async () => {
    const pool = "propagation-idle";
    await configure(pool);
    expect(await names(pool, 4)).toEqual(new Set(["o0", "o1"]));
    clock.skip(2_500);
    const stub = env.UPSTREAM_POOL.getByName(pool);
    await stub.drain("a");
    expect(await names(pool, 6), "an operator's drain").toEqual(new Set(["o1"]));
    clock.skip(2_500);
    await stub.undrain("a");
    await stub.putConfig(JSON.stringify({ origins: ORIGINS.slice(0, 1), log: { sample: 0 } }), {
      who: "test",
      what: "put",
    });
    expect(await names(pool, 6), "an operator's configuration").toEqual(new Set(["o0"]));
  });
});
