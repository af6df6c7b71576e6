import { describe, expect, it } from "vitest";
import { MOST_PROBES, ProbeSchedule } from "../../src/pool/probe-schedule.ts";
import { seededRandom } from "../support/random.ts";

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

  it("probes the prompt ones on time once it knows them, whatever the others do", () => {
    for (let i = 0; i < 50; i++) {
      const starts = startsOf(probes, `prompt${i}`);
      const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
      // A tenth of the interval is jitter; behind one another the fifty take the two free places 0.5 s.
      expect(Math.max(...gaps.slice(1)), `prompt${i}`).toBeLessThanOrEqual(INTERVAL_MS * 1.1 + 600);
    }
  });

  it("has judged everyone after 150 time-outs by six, and comes round the hanging ones by four", () => {
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
