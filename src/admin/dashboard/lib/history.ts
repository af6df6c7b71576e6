/**
 * A pool's last hour or day: fetched once, then only what is new.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import type { HistoryBucket, HistoryRange, PoolHistory } from "../../../contract/stats.ts";
import { call } from "./api.ts";
import { askBesideFeed } from "./beside-feed.ts";
import { rememberHistory } from "./onset.ts";

export interface LoadedHistory {
  range: HistoryRange;
  stepMs: number;
  /** How far it reaches. */
  toMs: number;
  /** Oldest first; buckets without traffic are left out. */
  buckets: HistoryBucket[];
}

const RANGE_MS: Record<HistoryRange, number> = { hour: 3_600_000, day: 86_400_000 };

/** Null until it is there. */
export function useHistory(pool: string, range: HistoryRange): LoadedHistory | null {
  const [loaded, setLoaded] = useState<{ key: string; history: LoadedHistory } | null>(null);
  const key = `${pool} ${range}`;
  useEffect(() => {
    let held: LoadedHistory | null = null;
    const everyMs = (): number => (held === null ? 0 : held.stepMs / 2);
    const ask = (): Promise<LoadedHistory | null> => fetchHistory(pool, range, held).catch(() => held);
    return askBesideFeed(everyMs, ask, (history) => {
      held = history;
      if (history === null) return;
      rememberHistory(pool, history);
      setLoaded({ key, history });
    });
  }, [key]);
  return loaded?.key === key ? loaded.history : null;
}

export async function fetchHistory(
  pool: string,
  range: HistoryRange,
  before: LoadedHistory | null,
  sinceMs?: number,
): Promise<LoadedHistory> {
  const since = before?.buckets.at(-1)?.at ?? sinceMs;
  const query = `range=${range}${since === undefined ? "" : `&since=${since}`}`;
  const fresh = await call<PoolHistory>(`/pools/${encodeURIComponent(pool)}/history?${query}`);
  const firstNew = fresh.buckets[0]?.at ?? Number.POSITIVE_INFINITY;
  const kept = (before?.buckets ?? []).filter(({ at }) => at < firstNew && at >= fresh.to - RANGE_MS[range]);
  return { range, stepMs: fresh.step_s * 1_000, toMs: fresh.to, buckets: [...kept, ...fresh.buckets] };
}
