import { describe, expect, it } from "vitest";
import { MOST_PROBES, ProbeSchedule } from "../../../src/pool/health/probe-schedule.ts";
import { seededRandom } from "../../support/random.ts";

const SEED = 20_261_124;
const INTERVAL_MS = 5_000;
const TIMEOUT_MS = 2_000;

interface Probe {
  id: string;
  startMs: number;
  endMs: number;
}

/** Runs the schedule on a virtual clock: a hanging origin takes the whole time-out, another 20 ms. */
function simulate(hanging: number, prompt: number, lengthMs: number): Probe[] {
  const schedule = new ProbeSchedule(seededRandom(SEED));
  const ids = [
    ...Array.from({ length: hanging }, (_, i) => `hang${i}`),
    ...Array.from({ length: prompt }, (_, i) => `prompt${i}`),
  ];
  schedule.setOrigins(ids, 0);
  const probes: Probe[] = [];
  let running: Probe[] = [];
  for (let nowMs = 0; nowMs < lengthMs; nowMs += 10) {
    for (const probe of running.filter(({ endMs }) => endMs <= nowMs)) {
      schedule.done(probe.id, probe.id.startsWith("hang"), INTERVAL_MS, nowMs);
    }
    running = running.filter(({ endMs }) => endMs > nowMs);
    for (let id = schedule.take(nowMs); id !== null; id = schedule.take(nowMs)) {
      const probe = { id, startMs: nowMs, endMs: nowMs + (id.startsWith("hang") ? TIMEOUT_MS : 20) };
      probes.push(probe);
      running.push(probe);
      expect(running.length).toBeLessThanOrEqual(MOST_PROBES);
    }
  }
  return probes;
}

const startsOf = (probes: Probe[], id: string): number[] =>
  probes.filter((probe) => probe.id === id).map(({ startMs }) => startMs);

describe("a pool of 200 origins of which 150 hang", () => {
  const lengthMs = 300_000;
  const probes = simulate(150, 50, lengthMs);

  it("probes the prompt origins on time once it knows them, whatever the others do", () => {
    for (let i = 0; i < 50; i++) {
      const starts = startsOf(probes, `prompt${i}`);
      const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
      // A tenth of the interval is jitter; behind one another the fifty take the two free places 0.5 s.
      expect(Math.max(...gaps.slice(1)), `prompt${i}`).toBeLessThanOrEqual(INTERVAL_MS * 1.1 + 600);
    }
  });

  it("has judged all origins after 150 time-outs, six at a time, and later probes the hanging ones four at a time", () => {
    const first = new Map<string, number>();
    for (const { id, endMs } of probes) if (!first.has(id)) first.set(id, endMs);
    expect(first.size).toBe(200);
    expect(Math.max(...first.values())).toBeLessThanOrEqual((150 / 6) * TIMEOUT_MS + 2_000);
    const round = (150 / 4) * TIMEOUT_MS;
    for (let i = 0; i < 150; i++) {
      const starts = startsOf(probes, `hang${i}`);
      expect(starts.length, `hang${i}`).toBeGreaterThanOrEqual(Math.floor((lengthMs - 50_000) / round) - 1);
    }
  });
});

describe("a pool that is well", () => {
  it("is probed every interval, spread by a tenth, never in step", () => {
    const probes = simulate(0, 10, 100_000);
    const gaps = Array.from({ length: 10 }, (_, i) => startsOf(probes, `prompt${i}`)).flatMap((starts) =>
      starts.slice(1).map((start, index) => start - (starts[index] ?? 0)),
    );
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL_MS * 0.9 - 20);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL_MS * 1.1 + 30);
    expect(new Set(gaps).size).toBeGreaterThan(20);
  });

  it("probes a new origin at once and forgets one that left, even while its probe is out", () => {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    schedule.setOrigins(["a"], 0);
    expect(schedule.take(0)).toBe("a");
    expect(schedule.take(0)).toBeNull();
    schedule.setOrigins(["b"], 10);
    expect(schedule.take(10)).toBe("b");
    schedule.done("a", true, INTERVAL_MS, 20);
    schedule.done("b", false, INTERVAL_MS, 20);
    expect(schedule.take(20)).toBeNull();
    expect(schedule.nextDueMs()).toBeGreaterThanOrEqual(INTERVAL_MS * 0.9);
    schedule.setOrigins([], 30);
    expect(schedule.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the time of a round", () => {
  it("is about the interval in a healthy pool, and not known before an origin was probed twice", () => {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    schedule.setOrigins(["a"], 0);
    expect(schedule.roundMs(0)).toBeNull();
    for (let nowMs = 0; nowMs < 30_000; nowMs += 10) {
      if (schedule.take(nowMs) !== null) schedule.done("a", false, INTERVAL_MS, nowMs);
    }
    expect(schedule.roundMs(30_000)).toBeGreaterThanOrEqual(INTERVAL_MS * 0.9);
    expect(schedule.roundMs(30_000)).toBeLessThanOrEqual(INTERVAL_MS * 1.1 + 10);
  });

  it("is that of the origins that wait longest, even while they wait", () => {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    schedule.setOrigins(
      Array.from({ length: 7 }, (_, i) => `o${i}`),
      0,
    );
    while (schedule.take(0) !== null);
    expect(schedule.roundMs(83_000), "the seventh was never probed").toBe(83_000);
  });

  it("of 600 origins that take 100 ms each is 10 s, whatever the interval", () => {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    schedule.setOrigins(
      Array.from({ length: 600 }, (_, i) => `o${i}`),
      0,
    );
    let running: { id: string; endMs: number }[] = [];
    for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
      for (const { id } of running.filter(({ endMs }) => endMs <= nowMs)) {
        schedule.done(id, false, INTERVAL_MS, nowMs);
      }
      running = running.filter(({ endMs }) => endMs > nowMs);
      for (let id = schedule.take(nowMs); id !== null; id = schedule.take(nowMs)) {
        running.push({ id, endMs: nowMs + 100 });
      }
    }
    expect(schedule.roundMs(60_000)).toBeGreaterThanOrEqual(9_500);
    expect(schedule.roundMs(60_000)).toBeLessThanOrEqual(11_000);
  });
});

describe("probes of a pool whose alarm rings for each time they are due", () => {
  /** @returns when it rang, and the longest time between two probes of an origin */
  function ring(joinedMs: readonly number[], untilMs: number) {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    const last = new Map<string, number>();
    const rung: number[] = [];
    let longestMs = 0;
    let nowMs = 0;
    while (nowMs < untilMs) {
      const ids = joinedMs.flatMap((atMs, i) => (atMs <= nowMs ? [`o${i}`] : []));
      schedule.setOrigins(ids, nowMs);
      for (let id = schedule.take(nowMs); id !== null; id = schedule.take(nowMs)) {
        longestMs = Math.max(longestMs, nowMs - (last.get(id) ?? nowMs));
        last.set(id, nowMs);
        schedule.done(id, false, INTERVAL_MS, nowMs + 1);
      }
      rung.push(nowMs);
      const joins = joinedMs.filter((atMs) => atMs > nowMs);
      nowMs = Math.min(schedule.nextDueMs(), ...joins);
    }
    return { rung, longestMs };
  }

  it("come together, and stay together, within the interval and a tenth", () => {
    const { rung, longestMs } = ring([0, 0, 0, 0, 0, 0], 1_000_000);
    expect(rung.length).toBeLessThanOrEqual(1_000_000 / (INTERVAL_MS * 0.9) + 1);
    expect(longestMs).toBeLessThanOrEqual(INTERVAL_MS * 1.1 + 2);
  });

  it("become simultaneous, and none waits longer than three tenths of the interval for that", () => {
    const { rung, longestMs } = ring([0, 1_300, 2_900], 1_000_000);
    const late = rung.filter((atMs) => atMs > 500_000);
    expect(late.length).toBeLessThanOrEqual(500_000 / (INTERVAL_MS * 0.9) + 1);
    expect(longestMs).toBeLessThanOrEqual(INTERVAL_MS * 1.3 + 2);
  });

  it("are due at a time that does not move meanwhile, and that is over when all are late", () => {
    const schedule = new ProbeSchedule(seededRandom(SEED));
    schedule.setOrigins(["a", "b"], 0);
    for (const id of ["a", "b"]) {
      expect(schedule.take(0)).toBe(id);
      schedule.done(id, false, INTERVAL_MS, 1);
    }
    const dueMs = schedule.nextDueMs();
    expect(dueMs).toBeLessThanOrEqual(INTERVAL_MS * 1.1);
    expect([schedule.take(dueMs), schedule.take(dueMs)].toSorted()).toEqual(["a", "b"]);
  });
});
