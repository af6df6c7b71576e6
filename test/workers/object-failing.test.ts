/**
 * The data path while the pool's object fails. See wrapped-object.ts for how it is made to.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { FIRST_SYNC_WAIT_MS } from "../../src/edge/sync/sync-state.ts";
import { openGate, stands } from "./gates.ts";
import { clock, eventually } from "./test-clock.ts";
import { broken, gone, healthy, overloaded, silent, type Wrapper } from "./wrapped-object.ts";
import { configure, lines, ORIGINS, object, pool, stub, url, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("failing");

async function many(requests: number): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < requests; i++) seen.push((await object.seen(url)).split(" ")[0] ?? "");
  return seen;
}

const events = (event: string) => lines.filter((line) => line.event === event);

const FAILURES: [string, Wrapper, string][] = [
  ["overloaded", overloaded, "overloaded"],
  ["gone", gone, "unreachable"],
  ["broken", broken, "error"],
  ["silent", silent, "timeout"],
];

describe.each(FAILURES)("an object that is %s", (_name, wrapper, failure) => {
  it("leaves a cold isolate to serve from KV's configuration, and a warm one from its snapshot", async () => {
    await configure();
    object.wrapper = wrapper;
    await clock.still(async () => {
      const cold = many(1);
      await eventually(() => expect(object.count("sync")).toBe(1));
      clock.skip(FIRST_SYNC_WAIT_MS);
      expect(await cold, "cold").toEqual(["200"]);
      expect(new Set(await many(19))).toEqual(new Set(["200"]));
    });
    expect(object.count("sync"), "called once, and left alone").toBe(1);
    await clock.until(() => expect(events("sync_failed")).toHaveLength(1));
    expect(events("sync_failed")[0]).toMatchObject({ pool, failure, backoff_ms: expect.any(Number) });
    object.wrapper = healthy;
    await clock.until(async () => {
      expect(new Set(await many(1))).toEqual(new Set(["200"]));
      expect((await stub().stats()).sync.failed, "told of with the first report that arrives").toBe(1);
    });
    object.wrapper = wrapper;
    expect(new Set(await many(20)), "warm").toEqual(new Set(["200"]));
  });
});

describe("an object that does not answer", () => {
  const origins = JSON.stringify(ORIGINS);
  it.each([
    ["a key that stands twice", `{ "origins": ${origins}, "log": {}, "log": { "sample": 0 } }`],
    ["a key __proto__", `{ "origins": ${origins}, "__proto__": { "algorithm": "random" } }`],
    ["broken JSON", `{ "origins": ${origins}`],
    ["nothing", ""],
    ["too many bytes", `{ "origins": ${origins} }${" ".repeat(1_900_000)}`],
  ])(
    "leaves a cold isolate nothing to serve from where KV has what the object would refuse: %s",
    async (_, text) => {
      await env.POOLS.put(`pool:${pool}`, text, { metadata: { updated_at: Date.now() } });
      object.wrapper = broken;
      expect(await many(1)).toEqual(["503"]);
    },
  );

  it("is asked again later and later, and for each failure there is one line", async () => {
    await configure();
    object.wrapper = broken;
    await clock.still(async () => {
      for (let i = 0; i < 30; i++) {
        expect(await many(1)).toEqual(["200"]);
        clock.skip(100);
      }
    });
    const waits = events("sync_failed").map(({ backoff_ms }) => Number(backoff_ms));
    expect(
      object.count("sync"),
      "in 3 s: at 0, after 0.5 s or more, after 0.5 s or more, ...",
    ).toBeLessThanOrEqual(5);
    expect(waits.length).toBe(object.count("sync"));
    for (const [i, waitMs] of waits.entries()) {
      const backoffMs = Math.max(500 * 2 ** i, 1_000);
      expect(waitMs / backoffMs, "spread, or all isolates would be back at once").toBeGreaterThanOrEqual(0.5);
      expect(waitMs / backoffMs).toBeLessThanOrEqual(1.5);
    }
  });

  it("is not asked again by an isolate that was told that it is overloaded", async () => {
    await configure();
    object.wrapper = overloaded;
    await clock.still(async () => {
      for (let i = 0; i < 15; i++) {
        expect(await many(1)).toEqual(["200"]);
        clock.skip(100);
      }
    });
    expect(object.calls).toEqual(["sync"]);
    expect(Number(events("sync_failed")[0]?.backoff_ms)).toBeGreaterThanOrEqual(2_000);
  });

  it("delays no request once it is known to be silent", async () => {
    await configure();
    await many(1);
    object.wrapper = silent;
    await clock.until(async () => {
      expect(await many(1)).toEqual(["200"]);
      expect(events("sync_failed").length).toBeGreaterThan(0);
    });
    const waits = vi.spyOn(scheduler, "wait");
    expect(new Set(await clock.still(() => many(20)))).toEqual(new Set(["200"]));
    // Who waits for another request's call looks every 5 ms.
    expect(waits.mock.calls.filter(([ms]) => ms === 5)).toEqual([]);
  });

  it("that is only slow delays only the first requests, and its answer is used when it comes", async () => {
    await configure({ origins: ORIGINS.slice(0, 1) });
    await stub().wake();
    await stub().drain("a");
    let answer = (): void => {};
    object.wrapper = async (call) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return await call();
    };
    expect(await many(3), "from KV, which knows of no drain").toEqual(["200", "200", "200"]);
    object.wrapper = healthy;
    answer();
    await eventually(async () => expect(await many(1)).toEqual(["503"]));
  });

  it("does not stop requests to a rate-limited pool: the limit holds per isolate", async () => {
    await configure({ rate_limit: 1_000 });
    object.wrapper = gone;
    expect(new Set(await many(30))).toEqual(new Set(["200"]));
    expect(object.count("acquire"), "one, to be certain").toBeLessThanOrEqual(1);
  });
});

describe("a strict pool", () => {
  it("has its picks made in the isolate while its object fails, and in the object again afterwards", async () => {
    await configure({ coordination: "strict" });
    await many(1);
    object.wrapper = (call, method) => (method === "pick" ? overloaded(call, method) : call());
    const before = object.count("pick");
    await clock.still(async () => {
      expect(new Set(await many(20))).toEqual(new Set(["200"]));
      expect(object.count("pick") - before, "one call, and then peace").toBe(1);
      expect(events("pick_failed")).toMatchObject([{ pool, failure: "overloaded" }]);
      clock.skip(1_000);
      await many(5);
    });
    expect(object.count("pick") - before, "an object that is overloaded is not asked again soon").toBe(1);
    object.wrapper = healthy;
    await clock.until(async () => {
      await many(1);
      expect(object.count("pick") - before).toBeGreaterThan(1);
      expect((await stub().stats()).sync.failed).toBe(1);
    });
    const after = object.count("pick");
    const order: string[] = [];
    for (let i = 0; i < 6; i++) order.push(await object.seen(url));
    expect(object.count("pick") - after).toBe(6);
    expect(order.slice(0, 3), "in order").toEqual(order.slice(3));
    expect(new Set(order).size).toBe(3);
  });

  it("counts calls that fail at once as one failure", async () => {
    await configure({ coordination: "strict" });
    await many(1);
    object.wrapper = (call, method) => (method === "pick" ? gone(call, method) : call());
    await Promise.all(Array.from({ length: 20 }, () => object.seen(url)));
    const waits = events("pick_failed").map(({ backoff_ms }) => Number(backoff_ms));
    expect(waits.length).toBeGreaterThan(1);
    expect(Math.max(...waits), "no longer than after a first failure").toBeLessThanOrEqual(750);
  });

  it("frees a connection whose release was lost, and one of a pick whose answer was lost", async () => {
    await configure({
      coordination: "strict",
      origins: ORIGINS.slice(0, 1).map((origin) => ({ ...origin, max_connections: 2 })),
    });
    await many(1);
    object.wrapper = async (call, method) => {
      if (method === "release") return await gone(call, method);
      const answer = await call();
      return method === "pick" ? await silent(call, method) : answer;
    };
    expect(await many(1), "picked for here, as the answer was lost").toEqual(["200"]);
    // The back-off after one failure.
    clock.skip(1_000);
    object.wrapper = (call, method) => (method === "release" ? gone(call, method) : call());
    expect(await many(1)).toEqual(["200"]);
    expect(await many(1), "both places are taken, as far as the object knows").toEqual(["503"]);
    object.wrapper = healthy;
    await clock.until(async () => {
      expect(await many(2)).toEqual(["200", "200"]);
    });
  });
});

describe("a pool that was removed", () => {
  it("is not served from its old document in KV", async () => {
    await configure();
    expect(await many(1)).toEqual(["200"]);
    await stub().removePool({ who: "test", what: "remove" });
    // As KV may show it for a minute.
    await configure({}, Date.now() - 60_000);
    await clock.until(async () => {
      expect(await many(1)).toEqual(["503"]);
    });
    // Longer than the look for a configuration in KV takes to come round, and every moment of it.
    for (let i = 0; i < 250; i++) {
      expect(await many(1)).toEqual(["503"]);
      clock.skip(100);
    }
  });
});

describe("a pool that neither KV nor the object has", () => {
  it("costs a call a second, not one per request", async () => {
    expect(new Set(await clock.still(() => many(50)))).toEqual(new Set(["503"]));
    expect(object.count("sync")).toBe(1);
    await configure();
    await clock.until(async () => {
      expect(await many(1)).toEqual(["200"]);
    });
  });
});

describe("a call that would have said that a request is over", () => {
  it("is made again where it fails, though no other request comes", async () => {
    await configure();
    const active = async () => (await stub().describe()).active_connections;
    const asking = object.ask(`${url}?gate=${pool}`);
    await stands(pool);
    await clock.until(async () => expect(await active()).toBe(1));
    await clock.still(async () => {
      let failures = 0;
      object.wrapper = (call, method) => (failures++ === 0 ? gone : healthy)(call, method);
      await openGate(pool);
      await (await asking).text();
    });
    // Before the isolate would be taken to be gone.
    await clock.until(async () => expect(await active()).toBe(0), 8_000);
    expect(events("sync_failed")).toHaveLength(1);
  });
});
