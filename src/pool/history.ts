/**
 * Stored periods as the admin API shows them.
 * @module
 */
import type { HistoryOrigin, HistorySlice } from "../contract/stats.ts";
import { type Summary, toCounts } from "./tally.ts";

/** Most origins of one slice: 360 slices of them are about 3 MB, and an RPC carries at most 32. */
const SHOWN_ORIGINS = 100;

export function historyOf(periods: Iterable<{ at: number; summary: string }>): HistorySlice[] {
  return Array.from(periods, ({ at, summary }) => sliceOf(at, JSON.parse(summary) as Summary));
}

function sliceOf(at: number, { pool, origins, active }: Summary): HistorySlice {
  const [p50 = null, p90 = null, p99 = null] = pool[1] ?? [];
  const shown = origins.slice(0, SHOWN_ORIGINS).map(([id, counts, quantiles]): [string, HistoryOrigin] => {
    const { requests, errors } = toCounts(counts);
    return [id, { requests, errors, p50: quantiles?.[0] ?? null, p99: quantiles?.[2] ?? null }];
  });
  return {
    at,
    ...toCounts(pool[0]),
    p50,
    p90,
    p99,
    active_connections: active,
    origins: Object.fromEntries(shown),
  };
}
