/**
 * Stored periods as the admin API shows them.
 * @module
 */
import type { HistoryBucket, HistoryOrigin } from "../../contract/stats.ts";
import { failedAnswers, total } from "../../core/metrics/client-counts.ts";
import type { Summary } from "./period-stats.ts";
import { toCounts } from "./traffic-counts.ts";

/** Most origins of one bucket: 360 buckets of them are about 3 MB, and an RPC carries at most 32. */
const SHOWN_ORIGINS = 100;

export function historyOf(periods: Iterable<{ at: number; summary: string }>): HistoryBucket[] {
  return Array.from(periods, ({ at, summary }) => bucketOf(at, JSON.parse(summary) as Summary));
}

function bucketOf(at: number, { pool, origins, active, clients }: Summary): HistoryBucket {
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
    ...(clients === undefined
      ? {}
      : { clients: { requests: total(clients.answers), failed: failedAnswers(clients.answers) } }),
    origins: Object.fromEntries(shown),
  };
}
