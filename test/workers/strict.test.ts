/**
 * `coordination: "strict"`: several isolates, one order and exact counts.
 */
import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { configure, NOBODY, ORIGINS, pick, report, stub } from "./strict-pool.ts";
import { clock, eventually } from "./test-clock.ts";

const SEED = 20_261_124;

describe("picks of several isolates", () => {
  it("follow one global order", async () => {
    await configure();
    const order: string[] = [];
    for (let i = 0; i < 9; i++) order.push((await pick(`isolate${(i * 5) % 4}`)).origin ?? "none");
    expect(order.join("")).toBe("abcabcabc");
  });

  it("share out weights in one smooth sequence", async () => {
    const weighted = ORIGINS.map((origin, i) => ({ ...origin, weight: [5, 1, 1][i] }));
    await configure({ algorithm: "weighted_round_robin", origins: weighted });
    const order: string[] = [];
    for (let i = 0; i < 14; i++) order.push((await pick(`isolate${i % 3}`)).origin ?? "none");
    expect(order.join("")).toBe("aabacaaaabacaa");
  });

  it("go by exact connection counts, which each end brings down at once", async () => {
    await configure({ algorithm: "least_connections" });
    const open = await Promise.all(["one", "two", "three", "one", "two"].map((isolate) => pick(isolate)));
    expect(open.map(({ origin }) => origin).join("")).toBe("abcab");
    expect((await pick("four")).origin).toBe("c");
    await open[1]?.release();
    await open[1]?.release();
    expect((await pick("five")).origin, "b has one, the others two").toBe("b");
  });

  it("never go beyond max_connections", async () => {
    await configure({ origins: ORIGINS.map((origin) => ({ ...origin, max_connections: 2 })) });
    const open = await Promise.all(Array.from({ length: 6 }, (_, i) => pick(`isolate${i}`)));
    expect((await pick("another")).origin).toBeNull();
    await open[3]?.release();
    expect((await pick("another")).origin).toBe(open[3]?.origin);
  });

  it("hold a rate limit exactly, and say when there is room", async () => {
    await configure({ rate_limit: 2 });
    const picks = await Promise.all(Array.from({ length: 10 }, (_, i) => pick(`isolate${i}`)));
    expect(picks.filter(({ origin }) => origin !== null).length).toBe(6);
    const refused = picks.filter(({ origin }) => origin === null);
    expect(refused.every(({ retry_after_ms: wait }) => wait !== null && wait > 0 && wait <= 2_005)).toBe(
      true,
    );
  });

  it("and tokens of isolates that pick by themselves share one limit", async () => {
    await configure({ rate_limit: 4, origins: ORIGINS.slice(0, 1) });
    await pick("one");
    const need = { demand: 10, lease: 0, held_ms: 0, share: 0, left_ms: 0, need: 9, token_ms: 100 };
    const { rates } = await stub().acquire({ isolate: "two", rates: { a: need } });
    expect(rates.a).toMatchObject({ tokens: 3, valid_ms: 0 });
    expect((await pick("one")).origin, "all are out").toBeNull();
  });

  it("that arrive twice are held once", async () => {
    await configure({ origins: ORIGINS.slice(0, 1).map((origin) => ({ ...origin, max_connections: 1 })) });
    const request = { ...NOBODY, isolate: "one", attempt: "twice" };
    await stub().pick(request);
    expect((await stub().pick(request)).origin, "its own is let go of").toBe("a");
    await stub().release({ isolate: "one", attempt: "twice", failed: false, latency_ms: 1 });
    expect((await pick("two")).origin).toBe("a");
  });

  it("are not made a second time by an object that lost its memory", async () => {
    await configure({ rate_limit: 4, origins: ORIGINS.slice(0, 1) });
    const before = await Promise.all(Array.from({ length: 6 }, () => pick("one")));
    await evictDurableObject(stub());
    const after = await Promise.all(Array.from({ length: 6 }, () => pick("two")));
    const made = [...before, ...after].filter(({ origin }) => origin !== null);
    expect(made.length).toBe(4);
    expect(after[0]?.retry_after_ms).toBeLessThanOrEqual(2_005);
  });

  it("keep a session where it is, pass over what was tried, and move it when its origin is out", async () => {
    await configure({ sticky: true });
    expect(await pick("one", { pinned: "c" })).toMatchObject({
      origin: "c",
      reason: "affinity",
      repinned: false,
    });
    expect(await pick("one", { pinned: "c", tried: ["c"] })).toMatchObject({
      reason: "failover",
      repinned: true,
    });
    await stub().drain("b");
    expect(await pick("two", { pinned: "b" }), "a drain keeps its sessions").toMatchObject({ origin: "b" });
    expect((await pick("two", { tried: ["a"] })).origin).toBe("c");
  });
});

describe("a pool that was removed", () => {
  it("gets no more picks at once", async () => {
    await configure();
    expect((await pick("one")).origin).toBe("a");
    await stub().removePool({ who: "test", what: "remove" });
    expect((await pick("one")).origin).toBeNull();
  });
});

describe("several isolates at once", () => {
  it("leave no gap in the order with the leases that their syncs bring", async () => {
    await configure();
    const order: string[] = [];
    for (let i = 0; i < 9; i++) {
      await stub().sync(report(`isolate${i % 4}`));
      order.push((await pick(`isolate${(i * 5) % 4}`)).origin ?? "none");
    }
    expect(order.join("")).toBe("abcabcabc");
  });

  it("fill the origins evenly, however picks and ends of their requests cross", async () => {
    await configure({ algorithm: "least_connections" });
    const random = seededRandom(SEED);
    let open: Awaited<ReturnType<typeof pick>>[] = [];
    for (let round = 0; round < 12; round++) {
      const ending = open.filter(() => random() < 0.5);
      open = open.filter((each) => !ending.includes(each));
      const [begun] = await Promise.all([
        Promise.all(Array.from({ length: 30 }, (_, i) => pick(`isolate${i % 6}`))),
        ...ending.map(({ release }) => release()),
      ]);
      open.push(...begun);
      // What crossed on the way is made even by as many picks as could have been misled.
      open.push(...(await Promise.all(ending.map((_, i) => pick(`isolate${i % 6}`)))));
      const counts = ["a", "b", "c"].map((id) => open.filter(({ origin }) => origin === id).length);
      expect(Math.max(...counts) - Math.min(...counts), `round ${round}: ${counts}`).toBeLessThanOrEqual(1);
    }
  });
});

describe("connections of an isolate", () => {
  const one = { origins: ORIGINS.slice(0, 1).map((origin) => ({ ...origin, max_connections: 2 })) };

  it("that vanished are freed after a minute, with the next report of any isolate", async () => {
    await configure(one);
    await stub().sync(report("gone"));
    await Promise.all([pick("gone"), pick("gone")]);
    await stub().sync(report("here"));
    expect((await pick("here")).origin, "it may come back").toBeNull();
    clock.skip(65_000);
    await stub().sync(report("here"));
    expect((await pick("here")).origin).toBe("a");
  });

  it("whose end was lost are freed with its next report, and open ones stay", async () => {
    await configure(one);
    await stub().sync(report("one"));
    const lost = await pick("one");
    const kept = await pick("one");
    const account = report("one", { picks: { [kept.attempt]: "a" } });
    await stub().sync(account);
    expect((await pick("two")).origin, "a pick just made may have passed the report on its way").toBeNull();
    clock.skip(6_000);
    await stub().sync({ ...account, sequence: account.sequence + 1 });
    expect((await pick("two")).origin).toBe("a");
    expect((await pick("two")).origin, "one is open still").toBeNull();
    await lost.release();
    expect((await pick("two")).origin, "a late end changes nothing").toBeNull();
  });

  it("are known again to an object that lost its memory, when it reports", async () => {
    await configure(one);
    const open = await Promise.all([pick("one"), pick("one")]);
    await evictDurableObject(stub());
    await stub().sync(
      report("one", { picks: Object.fromEntries(open.map(({ attempt }) => [attempt, "a"])) }),
    );
    expect((await pick("two")).origin).toBeNull();
    await open[0]?.release();
    expect((await pick("two")).origin).toBe("a");
  });
});

describe("requests to a strict pool", () => {
  it("are served in order, and nothing is left open afterwards", async () => {
    const pool = await configure({
      algorithm: "least_connections",
      origins: ORIGINS.map((o) => ({ ...o, max_connections: 1 })),
    });
    await env.POOLS.put("routes", JSON.stringify([{ pool }]));
    const answers: string[] = [];
    for (let i = 0; i < 12; i++) {
      const response = await exports.default.fetch("http://strict.example/");
      answers.push((await response.json<{ name: string }>()).name);
      expect(response.status).toBe(200);
    }
    expect(new Set(answers)).toEqual(new Set(["o0", "o1", "o2"]));
    await eventually(async () => {
      const open = await Promise.all([1, 2, 3].map(() => pick("probe")));
      await Promise.all(open.map(({ release }) => release()));
      expect(open.map(({ origin }) => origin).sort()).toEqual(["a", "b", "c"]);
    });
  });
});
