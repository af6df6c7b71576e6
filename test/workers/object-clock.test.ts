/**
 * A pool's object whose clock is set back by an hour, while it runs or between two lives on different hosts: nothing that
 * ends after a time takes an hour longer.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { OriginReport } from "../../src/contract/sync.ts";
import { inStorage } from "./lent-storage.ts";
import { CHECK, configure, newPool, origin, report, stub, until, url } from "./pool-object.ts";
import { VirtualObject } from "./virtual-object.ts";

const HOUR_MS = 3_600_000;
const DOCUMENT = {
  origins: ["a", "b", "c"].map((id) => ({ id, url: `https://${id}.example.com` })),
  outlier_detection: { base_ejection_time: 30 },
  drain_timeout: 20,
  slow_start: 10,
};
const FAILED: OriginReport = {
  outcomes: { connect_failure: 5 },
  failures_in_row: 5,
  had_success: false,
  retries: 0,
  rate_limited: 0,
  latency: [],
};

const ways: [name: string, setBack: (object: VirtualObject) => void][] = [
  // A call comes soon after.
  ["while it runs", ({ controller }) => void controller.sync(report({}))],
  ["before it starts again", (object) => object.restart()],
];

describe.each(ways)("a clock that is set back by an hour %s", (_, restart) => {
  const setBack = (object: VirtualObject): void => {
    object.nowMs -= HOUR_MS;
    restart(object);
  };
  const inObject = (act: (object: VirtualObject) => void | Promise<void>) =>
    inStorage((sql) => act(new VirtualObject(sql, DOCUMENT)));
  const pass = async (object: VirtualObject, ms: number): Promise<void> => {
    object.nowMs += ms;
    await object.controller.run();
  };
  const states = ({ controller }: VirtualObject) => controller.state().snapshot?.origins ?? {};

  it("has isolates come back at the pace", () =>
    inObject((object) => {
      object.controller.sync(report({}));
      setBack(object);
      expect(object.controller.sync(report({})).next_sync_ms).toBeLessThan(1_000);
    }));

  it("ends an ejection after its time, and ejects again", () =>
    inObject(async (object) => {
      object.controller.sync(report({ a: FAILED }));
      expect(states(object).a?.ejected).toBe(true);
      setBack(object);
      await pass(object, 31_000);
      expect(states(object).a?.ejected).toBe(false);
      setBack(object);
      await pass(object, 1_000);
      object.controller.sync(report({ a: { ...FAILED, failure_age_ms: 10 } }));
      expect(states(object).a?.ejected).toBe(true);
    }));

  it("ends a drain after its time", () =>
    inObject(async (object) => {
      object.controller.drain("a");
      object.controller.sync(report({}, { active: { a: 1 } }));
      setBack(object);
      await pass(object, 21_000);
      expect(states(object).a).toMatchObject({ draining: false, drained: true });
    }));

  it("ends a slow start after its time", () =>
    inObject(async (object) => {
      object.controller.drain("a");
      object.controller.undrain("a");
      setBack(object);
      await pass(object, 5_000);
      expect(states(object).a?.weight_factor).toBeCloseTo(0.5, 1);
      await pass(object, 5_500);
      expect(states(object).a?.weight_factor).toBe(1);
    }));

  it("gives tokens of a limit out", () =>
    inStorage((sql) => {
      const origins = DOCUMENT.origins.map((each) => ({ ...each, rate_limit: 100 }));
      const object = new VirtualObject(sql, { ...DOCUMENT, origins });
      const rates = { a: { demand: 10, lease: 0, held_ms: 0, share: 0, left_ms: 0, need: 5 } };
      object.controller.sync(report({}, { rates }));
      setBack(object);
      object.nowMs += 15_000;
      const grant = object.controller.sync(report({}, { rates })).rates?.a;
      expect(grant).toMatchObject({ wait_ms: 0 });
      expect(grant?.withheld_ms ?? 0).toBe(0);
    }));

  it("says when its events were, none of them later than now", () =>
    inObject((object) => {
      object.controller.drain("a");
      setBack(object);
      object.restart();
      object.controller.undrain("a");
      const at = ["undrained", "drain_started"].map((kind) => object.events(kind)[0]?.at);
      expect(at).toEqual([object.nowMs, object.nowMs]);
    }));

  it("is what it was after a second start, when nothing is moved again", () =>
    inObject(async (object) => {
      object.controller.sync(report({ a: FAILED }));
      setBack(object);
      object.restart();
      object.restart();
      await pass(object, 29_000);
      expect(states(object).a?.ejected).toBe(true);
      await pass(object, 2_000);
      expect(states(object).a?.ejected).toBe(false);
    }));
});

it.each([
  [5_000, "stays, as clocks of hosts differ by so much", 0],
  [5_001, "is moved back by as much", 5_001],
])("what a clock that was %i ms ahead has stored %s", (aheadMs, _, movedMs) =>
  inStorage((sql) => {
    const object = new VirtualObject(sql, DOCUMENT);
    object.controller.drain("a");
    const drainedMs = object.nowMs;
    object.nowMs -= aheadMs;
    object.restart();
    expect(object.events("drain_started")[0]?.at).toBe(drainedMs - movedMs);
  }),
);

describe("the alarm of an object whose clock is set back by an hour", () => {
  beforeEach(newPool);
  afterEach(() => void vi.useRealTimers());

  it("comes at the next check, and that looks into KV for a new configuration", async () => {
    const document = { origins: [{ id: "a", url }], health_check: { ...CHECK, interval: 60 } };
    await configure(document);
    await until(async () => (await origin()).last_probe !== null);
    const backMs = Date.now() - HOUR_MS;
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(backMs);
    await stub().sync(report({}));
    const alarmMs = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
    expect(alarmMs).toBeLessThan(backMs + 130_000);
    expect(alarmMs).toBeGreaterThanOrEqual(backMs);
    const before = (await origin()).last_probe?.at ?? 0;
    vi.setSystemTime(backMs + 130_000);
    await runDurableObjectAlarm(stub());
    expect((await origin()).last_probe?.at).toBeGreaterThan(before);
  });
});
