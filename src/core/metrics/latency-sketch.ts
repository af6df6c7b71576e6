/**
 * A mergeable sketch of latencies: DDSketch (Masson, Rim, Lee, PVLDB 12(12), 2019). A value x falls into bucket
 * ceil(log_gamma x) with gamma = (1 + a) / (1 - a); answering with the bucket's middle is off by at most a = 1%.
 * @module
 */

/** Largest relative error of a quantile. Stored and reported sketches depend on it: it must never change. */
export const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/**
 * Milliseconds from 1 microsecond to 1 day: at most 1,260 buckets, so the range bounds the memory. The paper bounds the
 * memory by collapsing the lowest buckets that a sketch happens to hold. With fixed ends, merging in any order gives
 * the same result.
 */
const LEAST_MS = 0.001;
const MOST_MS = 86_400_000;
/** Stands for everything below `LEAST_MS`, and is answered as 0. Below all other indices. */
const ZERO_BUCKET = -1_000_000;

/** Sparse buckets: [index, count]. Plain data, for reports and storage. */
export type SketchData = [index: number, count: number][];

/** Counts latencies of 1 microsecond to 1 day in at most 1,260 buckets. */
export class LatencySketch {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  /** The sketch that `toData` was taken from. */
  static from(data: SketchData): LatencySketch {
    const sketch = new LatencySketch();
    sketch.mergeData(data);
    return sketch;
  }

  /** How many values were added. */
  get count(): number {
    return this.#count;
  }

  /** Milliseconds, all values together; to within 1%. */
  get sum(): number {
    return LatencySketch.sumOf(this.#buckets);
  }

  /** The `sum` of sparse buckets, without making a sketch of them. */
  static sumOf(data: Iterable<readonly [index: number, count: number]>): number {
    let sum = 0;
    for (const [index, count] of data) sum += middle(index) * count;
    return sum;
  }

  /** Milliseconds, the largest value; to within 1%. Null if nothing was added. */
  get max(): number | null {
    return this.#count === 0 ? null : middle(Math.max(...this.#buckets.keys()));
  }

  /**
   * @param valueMs clamped to a day; below a microsecond, or no number, counts as 0
   * @param count how often, a whole number of at least 1
   */
  add(valueMs: number, count = 1): void {
    this.#put(bucketOf(valueMs), count);
  }

  /** Adds all values of `other`, as if each had been added here. */
  merge(other: LatencySketch): void {
    for (const [index, count] of other.#buckets) this.#put(index, count);
  }

  /** The same for what `toData` gave. */
  mergeData(data: SketchData): void {
    for (const [index, count] of data) this.#put(index, count);
  }

  /**
   * The value that a share `q` of all values does not exceed, to within 1%.
   * @param q in [0, 1]
   * @returns milliseconds; null if nothing was added
   */
  quantile(q: number): number | null {
    return this.quantiles([q])[0] ?? null;
  }

  /** Several at once, for the price of one sort. @param qs ascending, each in [0, 1] */
  quantiles(qs: readonly number[]): (number | null)[] {
    if (this.#count === 0) return qs.map(() => null);
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    let position = 0;
    let below = 0;
    return qs.map((q) => {
      const rank = q * (this.#count - 1);
      for (; position < buckets.length - 1; position++) {
        const count = buckets[position]?.[1] ?? 0;
        if (below + count > rank) break;
        below += count;
      }
      return middle(buckets[position]?.[0] ?? ZERO_BUCKET);
    });
  }

  /**
   * How many values were at most each bound. All values of the bound's bucket count, so values up to 2% above the bound
   * may count too.
   * @param boundsMs ascending
   */
  countsUpTo(boundsMs: readonly number[]): number[] {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    let position = 0;
    let below = 0;
    return boundsMs.map((boundMs) => {
      const last = bucketOf(boundMs);
      for (; position < buckets.length; position++) {
        const [index, count] = buckets[position] ?? [0, 0];
        if (index > last) break;
        below += count;
      }
      return below;
    });
  }

  /** A copy as plain data, in no particular order. */
  toData(): SketchData {
    return [...this.#buckets];
  }

  #put(index: number, count: number): void {
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + count);
    this.#count += count;
  }
}

function bucketOf(valueMs: number): number {
  if (!(valueMs >= LEAST_MS)) return ZERO_BUCKET;
  return Math.ceil(Math.log(Math.min(valueMs, MOST_MS)) / LOG_GAMMA);
}

/**
 * Bucket middles computed so far, from the lowest bucket on; 0: not computed yet. The power is the slowest part of a
 * sum.
 */
const middles = new Float64Array(bucketOf(MOST_MS) - bucketOf(LEAST_MS) + 1);
const LOWEST = bucketOf(LEAST_MS);

/** The value whose relative error is the same at both ends of the bucket (gamma^(i-1), gamma^i]. */
function middle(index: number): number {
  if (index === ZERO_BUCKET) return 0;
  const known = middles[index - LOWEST];
  if (known !== undefined && known !== 0) return known;
  const value = (2 * GAMMA ** index) / (GAMMA + 1);
  middles[index - LOWEST] = value;
  return value;
}
