/**
 * What a pool's object writes and how often it is woken, counted in workerd: each is a line of the bill.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { originReport } from "../support/origin-reports.ts";
import { ask } from "./admin-support.ts";
import { Bill } from "./object-bill.ts";
import { CHECK, configure, newPool, origin, pool, report, stub, url } from "./pool-object.ts";
import { eventually } from "./test-clock.ts";

beforeEach(() => {
  newPool();
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => void vi.useRealTimers());

const DAY_S = 86_400;
/** A busy machine may be slow; a probe that is late would be a change to write. */
const PATIENT = { ...CHECK, timeout: 10 };
/** Of the free plan, each day. */
const FREE_ROWS = 100_000;
const FREE_CALLS = 100_000;

const origins = (...ids: string[]) => ids.map((id) => ({ id, url }));
const seen = originReport({ outcomes: { success: 1 }, had_success: true });

/** One isolate that calls each second, for so long; alarms ring when they are due. */
async function traffic(bill: Bill, seconds: number): Promise<void> {
  const endMs = Date.now() + seconds * 1_000;
  for (let nextMs = Date.now(); nextMs < endMs; ) {
    const alarmMs = (await bill.alarmAt()) ?? Number.POSITIVE_INFINITY;
    if (alarmMs <= nextMs) {
      await bill.ring();
      continue;
    }
    vi.setSystemTime(nextMs);
    await stub().sync(report({ a: seen }, { active: { a: 1 } }));
    nextMs += 1_000;
  }
}

describe("an alarm", () => {
  it("is set once for each time it rings, whatever else goes on", async () => {
    await configure({ origins: origins("a", "b", "c"), health_check: { ...PATIENT, interval: 10 } });
    const bill = await Bill.of(stub());
    for (let round = 0; round < 4; round++) await bill.ring();
    bill.clear();
    for (let round = 0; round < 20; round++) await bill.ring();
    expect(bill).toMatchObject({ alarmsRung: 20, alarmsSet: 20, sqlRows: 0 });
  });

  it("is not set while it runs, by calls that come in meanwhile", async () => {
    await configure({
      origins: origins("a"),
      health_check: { ...PATIENT, path: "/?wait=200", interval: 10 },
    });
    const bill = await Bill.of(stub());
    await bill.ring();
    bill.clear();
    const probed = vi.spyOn(globalThis, "fetch");
    const ringing = bill.ring();
    await eventually(() => expect(probed).toHaveBeenCalled());
    probed.mockRestore();
    for (let call = 0; call < 5; call++) await stub().sync(report({ a: seen }));
    await ringing;
    expect(bill.alarmsSet).toBe(1);
  });

  it("that was cut off in the middle of a round is set anew by the next call", async () => {
    await configure({ origins: origins("a"), health_check: { ...PATIENT, interval: 3_600 } });
    const bill = await Bill.of(stub());
    await bill.ring();
    // As after a crash whose repetitions the platform has given up.
    await runInDurableObject(stub(), (_object, { storage }) => storage.deleteAlarm());
    await evictDurableObject(stub());
    await stub().sync(report({}));
    expect(await bill.alarmAt()).toBeGreaterThan(0);
  });

  it("that is set for later is not changed by the watchdog", async () => {
    await configure({ origins: origins("a"), health_check: { ...PATIENT, interval: 3_600 } });
    const bill = await Bill.of(stub());
    await bill.ring();
    bill.clear();
    const scheduledMs = await bill.alarmAt();
    await stub().wake();
    expect([bill.alarmsSet, await bill.alarmAt()]).toEqual([0, scheduledMs]);
  });
});

describe("a drain", () => {
  it("of five minutes is checked a few times a minute, and ends in time", async () => {
    await configure({ origins: origins("a", "b"), drain_timeout: 300 });
    await stub().sync(report({}, { active: { a: 1 } }));
    const bill = await Bill.of(stub());
    await stub().drain("a");
    const deadlineMs = Date.now() + 300_000;
    for (bill.clear(); !(await origin()).drained; ) await bill.ring();
    expect(Date.now()).toBeLessThanOrEqual(deadlineMs + 1);
    expect(bill.alarmsRung).toBeLessThanOrEqual(75);
    expect(bill.alarmsSet).toBeLessThanOrEqual(bill.alarmsRung);
  });

  it("ends with the report that says nothing is left, not with the next look", async () => {
    await configure({ origins: origins("a", "b"), drain_timeout: 300 });
    await stub().sync(report({}, { active: { a: 1 } }));
    await stub().drain("a");
    const bill = await Bill.of(stub());
    await traffic(bill, 60);
    expect((await origin()).drained).toBe(false);
    await stub().sync(report({}, { active: {} }));
    expect((await origin()).drained).toBe(true);
  });
});

describe("three origins checked every 10 s, with an isolate that is never idle", () => {
  it("fit the free plan's rows and calls", async () => {
    await configure({ origins: origins("a", "b", "c"), health_check: { ...PATIENT, interval: 10 } });
    const bill = await Bill.of(stub());
    await traffic(bill, 60);
    bill.clear();
    const seconds = 600;
    await traffic(bill, seconds);
    const aDay = (count: number) => (count / seconds) * DAY_S;
    // Alarms: the three probes of 10 s share one. Rows: those, and a slice of the statistics each 10 s.
    expect(aDay(bill.rowsWritten)).toBeLessThanOrEqual(FREE_ROWS / 4);
    // The watchdog wakes it each minute, and the object of the routes.
    const watchdog = 2 * (DAY_S / 60);
    expect(aDay(bill.alarmsRung) + watchdog + DAY_S, "a call each second as well").toBeLessThanOrEqual(
      FREE_CALLS,
    );
    console.log(`a day: ${aDay(bill.alarmsRung)} alarms, ${aDay(bill.rowsWritten)} rows written`);
  });
});

describe("a probe that changes something", () => {
  it("costs a row for a streak, five for a change of health, and five if the pool is down by it, beside its alarm", async () => {
    const check = (path: string) => ({ ...PATIENT, path, unhealthy_threshold: 2, interval: 60 });
    await configure({ origins: origins("a"), health_check: check("/") });
    const bill = await Bill.of(stub());
    await bill.ring();
    await configure({ origins: origins("a"), health_check: check("/?status=500") }, Date.now() + 1);
    bill.clear();
    await bill.ring();
    expect(bill).toMatchObject({ alarmsSet: 1, sqlRows: 1 });
    await bill.ring();
    expect((await origin()).status).toBe("unhealthy");
    expect(bill).toMatchObject({ alarmsSet: 2, sqlRows: 11 });
  });
});

describe("traffic at a pool without checks", () => {
  it("costs an alarm each 10 s, set once, and a row of statistics; when it stops, one alarm more until the span ends", async () => {
    await configure({ origins: origins("a") });
    const bill = await Bill.of(stub());
    // Not across the end of a span of five minutes.
    vi.setSystemTime(Math.ceil(Date.now() / 300_000) * 300_000 + 10_001);
    await traffic(bill, 30);
    bill.clear();
    await traffic(bill, 200);
    expect(bill).toMatchObject({ alarmsRung: 20, alarmsSet: 20, sqlRows: 20 });
    bill.clear();
    for (let left = 3; left > 0; left--) await bill.ring();
    expect(bill.sqlRows, "the last slice, and the span").toBe(2);
    expect(await bill.alarmAt(), "nothing is left to write").toBeNull();
  });
});

describe("a pool that routes choose among others, without checks and traffic", () => {
  it("costs an alarm a minute, set once, and no other row", async () => {
    const other = `${pool}-other`;
    for (const id of [pool, other]) await ask(`PUT /pools/${id}`, { body: { origins: origins("a") } });
    await ask("PUT /routes", { body: [{ split: [pool, other].map((id) => ({ pool: id, weight: 1 })) }] });
    await eventually(async () => expect((await stub().summary()).status).not.toBeNull());
    const bill = await Bill.of(stub());
    const minute = async () => {
      await bill.ring();
      // Its status is told beside the alarm, which is set when that has ended.
      await eventually(async () => expect(await bill.alarmAt()).not.toBeNull());
    };
    await minute();
    bill.clear();
    const startMs = Date.now();
    for (let minutes = 0; minutes < 10; minutes++) await minute();
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(10 * 60_000);
    expect(bill).toMatchObject({ alarmsSet: 10, sqlRows: 0 });
  });
});

describe("an event", () => {
  it("writes no more rows in a pool of 1,000 origins with as many past events than in a small pool", async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => `origin-${i}`);
    await configure({
      origins: origins(...ids),
      health_check: { ...CHECK, interval: 3_600, path: "/?status=500", unhealthy_threshold: 1 },
    });
    const largest = await runInDurableObject(stub(), (_object, { storage }) => {
      const { sql } = storage;
      const exec = sql.exec.bind(sql);
      const sizes: number[] = [];
      sql.exec = ((query: string, ...bindings: unknown[]) => {
        sizes.push(...bindings.map((each) => String(each).length));
        return exec(query, ...bindings);
      }) as SqlStorage["exec"];
      return sizes;
    });
    await Promise.all(ids.map((id) => stub().drain(id)));
    expect(Math.max(...largest)).toBeLessThan(1_000);
    const { events } = await stub().scrape();
    expect(Object.keys(events.drain_started ?? {}).length).toBe(1_000);
  });
});
