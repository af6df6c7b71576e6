/** The time of an object whose host's clock is set back, or forward. */
import { describe, expect, it } from "vitest";
import { AlarmTimes } from "../../../src/pool/alarm/alarm-times.ts";
import { Pacer, SYNC_INTERVAL_MS } from "../../../src/pool/leases/pacer.ts";
import { ObjectClock } from "../../../src/pool/object-clock.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";

const START_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

function start() {
  const host = { nowMs: START_MS };
  return { host, clock: new ObjectClock(() => host.nowMs) };
}

describe("an object's time", () => {
  it("is the host's", () => {
    const { host, clock } = start();
    expect(clock.now()).toBe(START_MS);
    host.nowMs += HOUR_MS;
    expect(clock.now()).toBe(START_MS + HOUR_MS);
    expect(clock.platformMs(START_MS)).toBe(START_MS);
  });

  it("goes on from where it was when the host's is set back, again and again", () => {
    const { host, clock } = start();
    clock.now();
    for (const passedMs of [1_000, 2_000, 3_000]) {
      host.nowMs -= HOUR_MS;
      clock.now();
      host.nowMs += 1_000;
      expect(clock.now()).toBe(START_MS + passedMs);
    }
  });

  it("stands still for a step of a second, and is the host's again after it", () => {
    const { host, clock } = start();
    clock.now();
    host.nowMs -= 1_000;
    expect(clock.now()).toBe(START_MS);
    host.nowMs += 1_500;
    expect(clock.now()).toBe(START_MS + 500);
    expect(clock.platformMs(START_MS)).toBe(START_MS);
  });

  it("has isolates come back at their pace, not an hour later", () => {
    const { host, clock } = start();
    const pacer = new Pacer(new MemoryMetadata(), clock.now());
    expect(pacer.next(false, clock.now())).toBe(SYNC_INTERVAL_MS);
    host.nowMs -= HOUR_MS;
    expect(pacer.next(true, clock.now())).toBeLessThan(SYNC_INTERVAL_MS + 100);
    host.nowMs += 2 * HOUR_MS;
    expect(pacer.next(true, clock.now())).toBe(SYNC_INTERVAL_MS);
  });
});

describe("the alarm", () => {
  it("is set by the host's clock, though that was set back while another one ran", () => {
    const { host, clock } = start();
    const times = new AlarmTimes(clock);
    times.started({ scheduledTime: clock.now() });
    host.nowMs -= HOUR_MS;
    expect(times.at(clock.now() + 5_000)).toBe(host.nowMs + 5_000);
    expect(times.at(clock.now() - 5_000), "overdue").toBe(host.nowMs);
    expect(times.at(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  it("is never set to the time of the one that runs", () => {
    const { clock } = start();
    const times = new AlarmTimes(clock);
    times.started({ scheduledTime: START_MS });
    expect(times.at(START_MS)).toBe(START_MS + 1);
  });
});
