/**
 * Decides whether the runtime's memory grew during a soak.
 * @module
 */

export interface MemoryUse {
  /** MB that the runtime kept after a collection of garbage (heap.ts): before the first request, after the last. */
  readonly keptMb: readonly [number, number];
  /** Resident memory in MB, sampled at equal intervals over the whole run. */
  readonly residentMb: readonly number[];
  readonly seconds: number;
}

export interface MemoryVerdict {
  readonly keptMb: readonly [number, number];
  /** Median of the resident memory in a quarter of the run after the warm-up, and in its last quarter, in MB. */
  readonly earlyMb: number;
  readonly lateMb: number;
  readonly highestMb: number;
  /** The ways in which it grew, in words; empty: it did not. */
  readonly growth: readonly string[];
}

/** MB that the runtime may keep of all requests together: compiled code, and bounded tables of clients and origins. */
const MOST_KEPT_MB = 8;
/** Share of the samples that are warm-up, in which code is compiled and buffers and heaps reach their size. */
const WARM_UP = 0.35;
/**
 * From this length on resident memory is judged too: it shows what is kept outside of the heaps. Before, it grows
 * towards a level that depends on when V8 collects, which it seldom does where memory is plentiful.
 */
const LEAST_RESIDENT_S = 300;
/** How far the late median may be above the early one: a share, and a least amount for small heaps. */
const [MOST_SHARE, FLOOR_MB] = [0.25, 120];

export function judgeMemory({ keptMb, residentMb, seconds }: MemoryUse): MemoryVerdict {
  const steady = residentMb.slice(Math.floor(residentMb.length * WARM_UP));
  const quarter = Math.max(1, Math.floor(steady.length / 4));
  const [earlyMb, lateMb] = [median(steady.slice(0, quarter)), median(steady.slice(-quarter))];
  const [before, after] = keptMb;
  const growth: string[] = [];
  if (after - before > MOST_KEPT_MB) growth.push(`what is kept grows from ${mb(before)} to ${mb(after)}`);
  if (seconds >= LEAST_RESIDENT_S && lateMb - earlyMb > Math.max(FLOOR_MB, earlyMb * MOST_SHARE)) {
    growth.push(`resident memory grows from ${mb(earlyMb)} to ${mb(lateMb)}`);
  }
  return { keptMb, earlyMb, lateMb, highestMb: Math.max(...residentMb), growth };
}

/** An amount of memory, as the report shows it. */
export function mb(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} MB`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
