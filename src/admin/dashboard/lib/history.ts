/**
 * A pool's last hour or day: fetched once, then only what is new.
 * @module
 */
import { useEffect, useRef, useState } from "hono/jsx/dom";
import type { HistoryRange, HistorySlice, PoolHistory } from "../../../contract/stats.ts";
import { call } from "./api.ts";
import { feed } from "./feed.ts";

export interface LoadedHistory {
  range: HistoryRange;
  stepMs: number;
  /** How far it reaches. */
  toMs: number;
  /** Oldest first; slices without traffic are left out. */
  slices: HistorySlice[];
}

const RANGE_MS: Record<HistoryRange, number> = { hour: 3_600_000, day: 86_400_000 };

/** Null until it is there. The feed is its clock, so it rests when the feed does. */
export function useHistory(pool: string, range: HistoryRange): LoadedHistory | null {
  const [loaded, setLoaded] = useState<{ key: string; history: LoadedHistory } | null>(null);
  const held = useRef<{ key: string; history: LoadedHistory } | null>(null);
  const key = `${pool} ${range}`;
  useEffect(() => {
    let isOver = false;
    let isAsking = false;
    let askedMs = 0;
    const update = async (): Promise<void> => {
      const before = held.current?.key === key ? held.current.history : null;
      if (isAsking || (before !== null && Date.now() - askedMs < before.stepMs / 2)) return;
      isAsking = true;
      askedMs = Date.now();
      const history = await fetchHistory(pool, range, before).catch(() => before);
      isAsking = false;
      if (isOver || history === null) return;
      held.current = { key, history };
      setLoaded(held.current);
    };
    void update();
    const stop = feed.watch(() => void update());
    return () => {
      isOver = true;
      stop();
    };
  }, [key]);
  return loaded?.key === key ? loaded.history : null;
}

export async function fetchHistory(
  pool: string,
  range: HistoryRange,
  before: LoadedHistory | null,
  sinceMs?: number,
): Promise<LoadedHistory> {
  const since = before?.slices.at(-1)?.at ?? sinceMs;
  const query = `range=${range}${since === undefined ? "" : `&since=${since}`}`;
  const fresh = await call<PoolHistory>(`/pools/${encodeURIComponent(pool)}/history?${query}`);
  const firstNew = fresh.slices[0]?.at ?? Number.POSITIVE_INFINITY;
  const kept = (before?.slices ?? []).filter(({ at }) => at < firstNew && at >= fresh.to - RANGE_MS[range]);
  return { range, stepMs: fresh.step_s * 1_000, toMs: fresh.to, slices: [...kept, ...fresh.slices] };
}
