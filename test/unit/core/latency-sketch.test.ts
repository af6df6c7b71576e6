import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencySketch, RELATIVE_ERROR, type SketchData } from "../../../src/core/metrics/latency-sketch.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SEED = 20_261_126;
const QUANTILES = [0, 0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1];
/** The bound is exact for real numbers; what floating point adds is far below this. */
const BOUND = RELATIVE_ERROR * (1 + 1e-9);
/** Milliseconds; what is smaller counts as 0. */
const LEAST_MS = 0.001;

const normal = (random: () => number) =>
  Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

const DISTRIBUTIONS: Record<string, (random: () => number) => number> = {
  uniform: (random) => random() * 1_000,
  exponential: (random) => -Math.log(random()) * 80,
  lognormal: (random) => Math.exp(3 + 1.5 * normal(random)),
  bimodal: (random) => (random() < 0.9 ? 5 + random() : 2_000 + 500 * random()),
  constant: () => 42,
  "whole milliseconds": (random) => Math.floor(random() * 30),
};

const sketchOf = (values: readonly number[]): LatencySketch => {
  const sketch = new LatencySketch();
  for (const value of values) sketch.add(value);
  return sketch;
};

/** The definition of the paper: the value of rank floor(q (n - 1)). */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

function expectWithinBound(estimate: number | null, exact: number): void {
  expect(estimate).not.toBeNull();
  expect(Math.abs((estimate ?? 0) - exact)).toBeLessThanOrEqual(exact < LEAST_MS ? LEAST_MS : BOUND * exact);
}

describe("quantiles", () => {
  it.each(Object.entries(DISTRIBUTIONS))(
    "of a distribution are within 1 percent of the exact ones: %s",
    (_, draw) => {
      const random = seededRandom(SEED);
      const values = Array.from({ length: 20_000 }, () => draw(random));
      const sketch = sketchOf(values);
      for (const q of QUANTILES) expectWithinBound(sketch.quantile(q), exactQuantile(values, q));
    },
  );

  it("are within 1% for 1 to 10,000 ms (DDS-01: Masson, Rim, Lee, PVLDB 12(12), 2019)", () => {
    const sketch = sketchOf(Array.from({ length: 10_000 }, (_, i) => i + 1));
    const [p50 = null, p90 = null, p99 = null] = sketch.quantiles([0.5, 0.9, 0.99]);
    expectWithinBound(p50, 5_000);
    expectWithinBound(p90, 9_000);
    expectWithinBound(p99, 9_900);
  });

  it("are within 1% for any values from a microsecond to a day", () => {
    const value = fc.double({ min: 0.001, max: 86_400_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          expectWithinBound(sketchOf(values).quantile(q), exactQuantile(values, q));
        },
      ),
      { seed: SEED, numRuns: 500, verbose: true },
    );
  });

  it("are null while nothing was added", () => {
    expect(new LatencySketch().quantile(0.5)).toBeNull();
    expect(new LatencySketch().quantiles([0.5, 0.9])).toEqual([null, null]);
    expect(new LatencySketch().max).toBeNull();
    expect(new LatencySketch().sum).toBe(0);
  });
});

describe("a value out of range", () => {
  it("counts as 0 below a microsecond or if it is not a number", () => {
    const sketch = sketchOf([0, -5, 0.0001, Number.NaN]);
    expect(sketch.count).toBe(4);
    expect(sketch.quantile(1)).toBe(0);
    sketch.add(10);
    expect(sketch.quantile(0.5)).toBe(0);
    expectWithinBound(sketch.quantile(1), 10);
  });

  it("counts as a day above it", () => {
    expectWithinBound(sketchOf([Number.POSITIVE_INFINITY]).max, 86_400_000);
  });
});

describe("count, sum and max", () => {
  it("are those of the values, sum and max within 1%", () => {
    const random = seededRandom(SEED);
    const values = Array.from({ length: 5_000 }, () => -Math.log(random()) * 80);
    const sketch = sketchOf(values);
    expect(sketch.count).toBe(5_000);
    expectWithinBound(sketch.max, Math.max(...values));
    expectWithinBound(
      sketch.sum,
      values.reduce((sum, value) => sum + value, 0),
    );
  });

  it("take a value several times over", () => {
    const sketch = new LatencySketch();
    sketch.add(10, 99);
    sketch.add(1_000);
    expect(sketch.count).toBe(100);
    expectWithinBound(sketch.quantile(0.9), 10);
    expectWithinBound(sketch.max, 1_000);
  });
});

const sorted = (data: SketchData): SketchData => [...data].sort(([a], [b]) => a - b);

describe("merging", () => {
  it("is as exact as one sketch of everything, in any order", () => {
    const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }));
    fc.assert(
      fc.property(values, values, (some, others) => {
        const merged = sketchOf(some);
        merged.merge(sketchOf(others));
        const reversed = LatencySketch.from(sketchOf(others).toData());
        reversed.mergeData(sketchOf(some).toData());
        const whole = sorted(sketchOf([...some, ...others]).toData());
        expect(sorted(merged.toData())).toEqual(whole);
        expect(sorted(reversed.toData())).toEqual(whole);
        expect(merged.count).toBe(some.length + others.length);
      }),
      { seed: SEED, numRuns: 200, verbose: true },
    );
  });
});

describe("counts up to a bound", () => {
  it("hold every value up to it, and none more than 2% above", () => {
    const bounds = [5, 10, 25, 50, 100, 250, 500, 1_000];
    const random = seededRandom(SEED);
    const values = Array.from({ length: 5_000 }, () => 10 ** (random() * 4));
    const counts = sketchOf([...values, ...bounds]).countsUpTo(bounds);
    bounds.forEach((bound, index) => {
      const least = [...values, ...bounds].filter((value) => value <= bound).length;
      const most = [...values, ...bounds].filter((value) => value <= bound * 1.0203).length;
      expect(counts[index]).toBeGreaterThanOrEqual(least);
      expect(counts[index]).toBeLessThanOrEqual(most);
    });
    expect(new LatencySketch().countsUpTo([1, 2])).toEqual([0, 0]);
  });
});

describe("as plain data", () => {
  it("survives JSON", () => {
    const sketch = sketchOf([0, 1, 1, 250, 30_000]);
    const copy = LatencySketch.from(JSON.parse(JSON.stringify(sketch.toData())));
    expect(copy.count).toBe(5);
    expect(copy.quantiles(QUANTILES)).toEqual(sketch.quantiles(QUANTILES));
  });

  it("has frozen indices, because stored and reported sketches depend on them", () => {
    const indices = [0, 0.001, 1, 2, 10, 100, 1_000, 60_000].map((ms) => sketchOf([ms]).toData()[0]?.[0]);
    expect(indices).toEqual([-1_000_000, -345, 0, 35, 116, 231, 346, 551]);
  });

  it("stays bounded however many different values there are", () => {
    const random = seededRandom(SEED);
    const sketch = new LatencySketch();
    for (let i = 0; i < 200_000; i++) sketch.add(10 ** (random() * 16 - 5));
    expect(sketch.toData().length).toBeLessThanOrEqual(1_262);
  });
});
