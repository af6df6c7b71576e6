/**
 * Decides whether the runtime's memory grew during a soak.
 * @module
 */

export interface MemoryVerdict {
  /** Median resident memory in MB of a quarter of the run after the warm-up, and of its last quarter. */
  earlyMb: number;
  lateMb: number;
  highestMb: number;
  /** The growth is more than garbage between two collections explains. */
  grows: boolean;
}

/** Share of the samples that are warm-up, in which code is compiled and buffers and heaps reach their size. */
const WARM_UP = 0.35;
/** How far the late median may be above the early one: a share, and a least amount for short runs with small heaps. */
const [MOST_SHARE, FLOOR_MB] = [0.25, 120];

/** @param samplesMb resident memory, sampled at equal intervals over the whole run */
export function judgeMemory(samplesMb: readonly number[]): MemoryVerdict {
  const steady = samplesMb.slice(Math.floor(samplesMb.length * WARM_UP));
  const quarter = Math.max(1, Math.floor(steady.length / 4));
  const [earlyMb, lateMb] = [median(steady.slice(0, quarter)), median(steady.slice(-quarter))];
  return {
    earlyMb,
    lateMb,
    highestMb: Math.max(...samplesMb),
    grows: lateMb - earlyMb > Math.max(FLOOR_MB, earlyMb * MOST_SHARE),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
