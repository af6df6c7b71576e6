/**
 * Since when something fails: as far back as each bucket of the history does. The histories are those that the page has
 * loaded for its charts anyway.
 * @module
 */
import type { HistoryBucket } from "../../../contract/stats.ts";
import type { LoadedHistory } from "./history.ts";

export interface Onset {
  /** In ms since the epoch. */
  at: number;
  /** It began then or earlier: the history that is known reaches no further back. */
  isEarlier: boolean;
}

/** The share that failed, 0 to 1. Null: nothing was asked for. */
export type FailedShare = (bucket: HistoryBucket) => number | null;

/** Slices without traffic are not there; a longer gap than this ends a time of failing. */
const LONGEST_GAP_MS = 60_000;
/** So far back every history reaches that the page loads. */
const LOADED_MS = 900_000;

const histories = new Map<string, LoadedHistory>();

/** Days are too coarse to tell a beginning by. */
export function rememberHistory(pool: string, history: LoadedHistory): void {
  if (history.range === "hour") histories.set(pool, history);
}

/** Of what fails now. @param least a share above this is failing @returns null: no history is loaded */
export function onsetOf(pool: string, share: FailedShare, least: number): Onset | null {
  const history = histories.get(pool);
  return history === undefined ? null : onsetIn(history, share, least);
}

export function onsetIn({ buckets, stepMs, toMs }: LoadedHistory, share: FailedShare, least: number): Onset {
  // What fails now and did not in the newest bucket has begun since.
  let at = toMs;
  for (const bucket of buckets.toReversed()) {
    if (at - (bucket.at + stepMs) > LONGEST_GAP_MS) return { at, isEarlier: false };
    const failed = share(bucket);
    if (failed !== null && failed <= least) return { at, isEarlier: false };
    if (failed !== null) at = bucket.at;
  }
  return { at, isEarlier: toMs - at >= LOADED_MS };
}
