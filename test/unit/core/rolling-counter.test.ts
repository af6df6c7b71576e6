/** The one rolling counter against the three loops it took the place of, and against a plain list of events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RollingCounter } from "../../../src/core/metrics/rolling-counter.ts";

const SEED = 20_261_130;
const START_MS = 1_800_000_000_000;

/** How the pacer counted unplanned calls: ten seconds, at most 200 in each. */
class FormerPacer {
  readonly counts = new Array<number>(10).fill(0);
  second: number;

  constructor(nowMs: number) {
    this.second = Math.floor(nowMs / 1_000);
  }

  add(nowMs: number, most: number): void {
    this.#advance(nowMs);
    const place = this.second % 10;
    this.counts[place] = Math.min((this.counts[place] ?? 0) + 1, most);
  }

  sum(nowMs: number): number {
    this.#advance(nowMs);
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    for (let gone = Math.max(this.second + 1, second - 9); gone <= second; gone++) this.counts[gone % 10] = 0;
    this.second = Math.max(this.second, second);
  }
}

/** How the calls of a second were counted: a minute in steps of 5 s. */
class FormerMeter {
  readonly counts = new Array<number>(12).fill(0);
  readonly startMs: number;
  step: number;

  constructor(nowMs: number) {
    this.startMs = nowMs;
    this.step = Math.floor(nowMs / 5_000);
  }

  record(nowMs: number): void {
    this.#advance(nowMs);
    const place = this.step % 12;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
  }

  perSecond(nowMs: number): number {
    this.#advance(nowMs);
    const calls = this.counts.reduce((sum, count) => sum + count, 0);
    const coveredMs = Math.min(nowMs - this.startMs, nowMs - (this.step - 11) * 5_000);
    return (calls / Math.max(coveredMs, 1_000)) * 1_000;
  }

  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / 5_000);
    for (let gone = Math.max(this.step + 1, step - 11); gone <= step; gone++) this.counts[gone % 12] = 0;
    this.step = Math.max(this.step, step);
  }
}

const WALK = fc.array(fc.record({ waitMs: fc.nat(9_000), events: fc.nat(30) }), { maxLength: 60 });

describe("a rolling counter", () => {
  it("counts unplanned calls as the pacer did", () => {
    fc.assert(
      fc.property(WALK, (walk) => {
        const former = new FormerPacer(START_MS);
        const counter = new RollingCounter(1_000, 10);
        let nowMs = START_MS;
        for (const { waitMs, events } of walk) {
          nowMs += waitMs;
          for (let i = 0; i < events; i++) {
            former.add(nowMs, 20);
            counter.add(nowMs, 20);
          }
          expect(counter.sum(nowMs)).toBe(former.sum(nowMs));
        }
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("gives the same calls a second as a reference meter", () => {
    fc.assert(
      fc.property(WALK, (walk) => {
        const former = new FormerMeter(START_MS);
        const counter = new RollingCounter(5_000, 12);
        let nowMs = START_MS;
        for (const { waitMs, events } of walk) {
          nowMs += waitMs;
          for (let i = 0; i < events; i++) {
            former.record(nowMs);
            counter.add(nowMs);
          }
          expect(counter.perSecond(nowMs, START_MS)).toBe(former.perSecond(nowMs));
        }
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("counts the events of its slots, whatever pauses there are", () => {
    fc.assert(
      fc.property(WALK, (walk) => {
        const counter = new RollingCounter(1_000, 10);
        const seen: number[] = [];
        let nowMs = 0;
        for (const { waitMs, events } of walk) {
          nowMs += waitMs;
          const slot = Math.floor(nowMs / 1_000);
          for (let i = 0; i < events; i++) {
            counter.add(nowMs);
            seen.push(slot);
          }
          expect(counter.sum(nowMs)).toBe(seen.filter((each) => each > slot - 10).length);
        }
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });

  it("gives a rate of the last minute, and of less where there was less", () => {
    const counter = new RollingCounter(5_000, 12);
    for (let ms = 0; ms < 30_000; ms += 100) counter.add(START_MS + ms);
    expect(counter.perSecond(START_MS + 30_000, START_MS)).toBeCloseTo(10, 0);
    for (let ms = 30_000; ms < 300_000; ms += 500) counter.add(START_MS + ms);
    expect(counter.perSecond(START_MS + 300_000, START_MS)).toBeCloseTo(2, 0);
    expect(counter.perSecond(START_MS + 400_000, START_MS)).toBe(0);
  });

  it("takes a clock that steps back to stand still", () => {
    const counter = new RollingCounter(1_000, 10);
    counter.add(20_500);
    counter.add(3_000);
    expect(counter.sum(3_000)).toBe(2);
    expect(counter.sum(29_999)).toBe(2);
    expect(counter.sum(30_000)).toBe(0);
  });
});
