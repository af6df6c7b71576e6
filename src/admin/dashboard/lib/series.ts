/**
 * What the charts draw: the history on an even grid of times, and the moment at its end.
 * @module
 */

import type { HistoryBucket, HistoryOrigin } from "../../../contract/stats.ts";
import type { LoadedHistory } from "./history.ts";
import type { LiveOrigin, LivePool, LiveTraffic } from "./live.ts";

export interface Line {
  label: string;
  /** Place in the palette. */
  colour: number;
  /** A second line of the same thing. */
  dashed: boolean;
  /** One for each time; null: nothing is known. */
  values: (number | null)[];
}

export interface ChartData {
  /** Seconds since the epoch, evenly spaced but for the last, which is now. */
  times: number[];
  lines: Line[];
}

export interface Charts {
  requests: ChartData;
  errors: ChartData;
  latency: ChartData;
}

export type TimeRange = "15 min" | "1 h" | "24 h";
export const TIME_RANGES: Record<TimeRange, { range: "hour" | "day"; ms: number }> = {
  "15 min": { range: "hour", ms: 900_000 },
  "1 h": { range: "hour", ms: 3_600_000 },
  "24 h": { range: "day", ms: 86_400_000 },
};

/** More lines than this cannot be told apart. */
const MOST_LINES = 8;
/** Of a dashed line, so that it is nobody else's. */
const CLIENTS_COLOUR = 4;

interface Sample {
  requests: number;
  errors: number;
  p50: number | null;
  p99: number | null;
}

/** The pool's charts with a line for each of its busiest origins. */
export function poolCharts(pool: LivePool, history: LoadedHistory, span: TimeRange): Charts {
  const grid = gridOf(history, span, pool.at);
  const shown = busiest(pool);
  const byOrigin = (value: (sample: Sample, stepS: number) => number | null): Line[] =>
    shown.map(({ origin, colour }) => ({
      label: origin.id,
      colour,
      dashed: false,
      values: [
        ...grid.buckets.map((bucket) => fromBucket(bucket && sampleOf(bucket, origin.id), value, grid.stepS)),
        fromLive(origin, value),
      ],
    }));
  return {
    requests: { times: grid.times, lines: byOrigin(perSecond) },
    errors: { times: grid.times, lines: [...clientLines(grid, pool), ...byOrigin(errorPercent)] },
    latency: { times: grid.times, lines: latencyLines(grid, pool, (bucket) => bucket) },
  };
}

/** What failed of the clients' requests, beside what failed of the attempts; none if it is not known. */
function clientLines(grid: Grid, { clients = null }: LivePool): Line[] {
  if (clients === null) return [];
  const past = grid.buckets.map((bucket) => failedPercent(bucket?.clients ?? null));
  return [
    { label: "clients", colour: CLIENTS_COLOUR, dashed: true, values: [...past, failedPercent(clients)] },
  ];
}

function failedPercent(counted: { requests: number; failed: number } | null): number | null {
  return counted === null || counted.requests === 0 ? null : (counted.failed / counted.requests) * 100;
}

/** What a bucket has of an origin, whose id may be that of a property of every object. */
function sampleOf({ origins }: HistoryBucket, id: string): Sample {
  return (Object.hasOwn(origins, id) ? origins[id] : undefined) ?? NOTHING;
}

/** The charts of one origin. */
export function originCharts(
  pool: LivePool,
  origin: LiveOrigin,
  history: LoadedHistory,
  span: TimeRange,
): Charts {
  const grid = gridOf(history, span, pool.at);
  const pick = (bucket: HistoryBucket): Sample => sampleOf(bucket, origin.id);
  const one = (label: string, value: (sample: Sample, stepS: number) => number | null): Line => ({
    label,
    colour: 0,
    dashed: false,
    values: [
      ...grid.buckets.map((bucket) => fromBucket(bucket && pick(bucket), value, grid.stepS)),
      fromLive(origin, value),
    ],
  });
  return {
    requests: { times: grid.times, lines: [one("requests/s", perSecond)] },
    errors: { times: grid.times, lines: [one("errors", errorPercent)] },
    latency: { times: grid.times, lines: latencyLines(grid, origin, pick) },
  };
}

/** Requests per second over the last quarter of an hour. */
export function trend(pool: LivePool, history: LoadedHistory): (number | null)[] {
  const grid = gridOf(history, "15 min", pool.at);
  const values = grid.buckets.map((bucket) => (bucket === null ? 0 : bucket.requests / grid.stepS));
  return [...values, pool.requests_per_second];
}

const NOTHING: HistoryOrigin = { requests: 0, errors: 0, p50: null, p99: null };

interface Grid {
  times: number[];
  /** One for each time but the last. Null: nothing happened. */
  buckets: (HistoryBucket | null)[];
  stepS: number;
}

/** A bucket stands at its end, when it was known. */
function gridOf({ stepMs, buckets, toMs: lastMs }: LoadedHistory, span: TimeRange, nowMs: number): Grid {
  const count = Math.floor(TIME_RANGES[span].ms / stepMs);
  const byTime = new Map(buckets.map((bucket) => [bucket.at, bucket]));
  const starts = Array.from({ length: count }, (_, index) => lastMs - (count - index) * stepMs);
  return {
    times: [...starts.map((at) => (at + stepMs) / 1_000), Math.max(nowMs, lastMs + 1) / 1_000],
    buckets: starts.map((at) => byTime.get(at) ?? null),
    stepS: stepMs / 1_000,
  };
}

function fromBucket(
  sample: Sample | null,
  value: (sample: Sample, stepS: number) => number | null,
  stepS: number,
): number | null {
  return value(sample ?? NOTHING, stepS);
}

function fromLive(live: LiveTraffic, value: (sample: Sample, stepS: number) => number | null): number | null {
  const { requests_per_second, error_rate, p50, p99 } = live;
  return value({ requests: requests_per_second, errors: requests_per_second * error_rate, p50, p99 }, 1);
}

const perSecond = ({ requests }: Sample, stepS: number): number => requests / stepS;
const errorPercent = ({ requests, errors }: Sample): number | null =>
  requests === 0 ? null : (errors / requests) * 100;

function latencyLines(grid: Grid, live: LiveTraffic, pick: (bucket: HistoryBucket) => Sample): Line[] {
  const line = (label: string, dashed: boolean, value: (sample: Sample) => number | null): Line => ({
    label,
    colour: dashed ? 1 : 0,
    dashed,
    values: [...grid.buckets.map((bucket) => bucket && value(pick(bucket))), fromLive(live, value)],
  });
  return [line("p50", false, ({ p50 }) => p50), line("p99", true, ({ p99 }) => p99)];
}

/** An origin keeps its colour whoever is busiest. */
function busiest({ origins }: LivePool): { origin: LiveOrigin; colour: number }[] {
  const all = origins.map((origin, colour) => ({ origin, colour }));
  if (all.length <= MOST_LINES) return all;
  const sorted = all.toSorted((a, b) => b.origin.requests_per_second - a.origin.requests_per_second);
  return sorted.slice(0, MOST_LINES).map(({ origin }, colour) => ({ origin, colour }));
}
