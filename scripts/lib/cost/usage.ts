/**
 * Estimates how much of each billed thing a configuration would use, by applying the counts of the reference runs to
 * its pools, origins and traffic. If the real amount depends on unknown conditions, the larger figure is used.
 * @module
 */
import { steeredPools } from "../../../src/config/route-pools.ts";
import type { ConfigFile, PoolConfig } from "../../../src/config/schema.ts";
import { type Counts, type IsolateCounts, type Measured, REFERENCE } from "./measured.ts";
import { KEPT_DAYS, type MeterName } from "./prices.ts";

export const DAY_S = 86_400;
/** A twelfth of a year. */
export const MONTH_S = 2_629_800;
const CRON_EVERY_S = 60;
/** The object of the routes asks KV for a list (src/pool/routes/pool-index.ts). */
const LIST_EVERY_S = 300;
/** Bound of the calls from isolates: the object paces them, whatever their number. */
const MOST_SYNCS_PER_S = 200;
/** Interval at which a pool of a steered route reports its status without changes (src/pool/status/status-feed.ts). */
const STATUS_EVERY_S = 60;
/** An object is billed for 128 MB, whatever it uses. */
const OBJECT_GB = 0.128;
/** After this time without work an object may sleep, and is not charged any more. */
const AWAKE_S = 10;
const GB = 1_000_000_000;
/** Not confirmed: what the platform adds to a log line, and the size of a span, in bytes. */
const ADDED_BYTES = 500;
const SPAN_BYTES = 1_000;
/** An invocation and a call that it makes. */
const SPANS_A_CALL = 2;

/** Isolates over which few requests are spread: a guess. */
const SPREAD_OVER = 5;

/** Default number of isolates for a rate of requests: enough to have the CPU time for it, one second in each. */
export function assumedIsolates(rps: number, cpuMsPerRequest: number): number {
  const spread = Math.min(SPREAD_OVER, Math.max(1, Math.ceil(rps)));
  return Math.max(spread, Math.ceil((rps * cpuMsPerRequest) / 1_000));
}

export interface Load {
  /** Requests per second of all pools together, which share them evenly. */
  readonly rps: number;
  /** Isolates that serve them, at each pool. */
  readonly isolates: number;
}

/** Shares of the log lines and of the traces that are kept: `[observability]` in wrangler.toml. */
export interface Sampling {
  readonly logs: number;
  readonly traces: number;
}

/** Per second. */
export type Usage = Readonly<Record<MeterName, number>>;

export function usageOf(config: ConfigFile, load: Load, sampling: Sampling, measured: Measured): Usage {
  const pools = Object.values(config.pools);
  const share = { rps: load.rps / pools.length, isolates: load.isolates };
  const steered = new Set(config.routes.flatMap(steeredPools));
  const usage = (id: string, pool: PoolConfig) => poolUsage(pool, share, measured, steered.has(id));
  const each = Object.entries(config.pools).map(([id, pool]) => usage(id, pool));
  const ofPools = (read: (usage: PoolUsage) => number) => each.reduce((sum, usage) => sum + read(usage), 0);
  const isolate = isolateUsage(config, load, measured);
  const { cron } = measured;
  const cronsPerS = 1 / CRON_EVERY_S;
  const cronPools = cronsPerS * pools.length;
  const requests = load.rps + cronsPerS;
  const poolCalls = ofPools(({ calls }) => calls);
  // Calls to the object of the routes, which is awake for them.
  const statusCalls = steered.size / STATUS_EVERY_S;
  const alarms = ofPools((usage) => usage.alarms);
  const objectCalls =
    poolCalls +
    alarms +
    statusCalls +
    isolate.routesCalls +
    cronPools * cron.poolCalls +
    cronsPerS * cron.routesCalls;
  const kvReads = ofPools((usage) => usage.kvReads) + isolate.kvReads + cronPools * cron.kvReads;
  const spans = SPANS_A_CALL * (requests + objectCalls + kvReads);
  const logged = ofPools(({ logBytes }) => logBytes) * sampling.logs;
  const observability = (logged + spans * sampling.traces * SPAN_BYTES) / GB;
  return {
    requests,
    cpu: requests * measured.cpuMs,
    objectCalls,
    objectDuration: (ofPools(({ awake }) => awake) + awakeFor(statusCalls)) * OBJECT_GB,
    rowsWritten: ofPools((usage) => usage.rowsWritten) + cronPools * cron.rowsWritten,
    rowsRead: ofPools((usage) => usage.rowsRead),
    kvReads,
    kvWrites: 0,
    // Lists are too rare to be counted in a minute.
    kvLists: isolate.kvLists + cronsPerS * cron.kvLists + 1 / LIST_EVERY_S,
    observability,
    observabilityKept: (observability * KEPT_DAYS) / 30,
  };
}

/** Per second. */
interface PoolUsage {
  calls: number;
  alarms: number;
  rowsWritten: number;
  rowsRead: number;
  kvReads: number;
  logBytes: number;
  /** Share of the time that its object may be awake. */
  awake: number;
}

/** @param isSteered a route chooses among several pools, this one among them */
function poolUsage(pool: PoolConfig, load: Load, measured: Measured, isSteered: boolean): PoolUsage {
  const { traffic, checked, strict, limited, sparse } = measured.runs;
  const perS = (read: (counts: Counts) => number, counts = traffic) => read(counts) / measured.seconds;
  /** The rate under busy traffic, or for few requests the amount per request. */
  const byTraffic = (read: (counts: Counts) => number) =>
    Math.min(perS(read), (load.rps * read(sparse)) / sparse.requests);
  const calls = callsOf(pool, load, measured);
  // Probes of a pool are due together, and a slice of the statistics shares their alarm.
  const checkedRounds = measured.seconds / REFERENCE.interval;
  const rounds = pool.health_check === null ? 0 : 1 / pool.health_check.interval;
  const checks = rounds * Math.max(1, checked.alarms / checkedRounds);
  const tellings = isSteered ? 1 / STATUS_EVERY_S : 0;
  const alarms = checks + Math.max(0, byTraffic((counts) => counts.alarms) - checks) + tellings;
  const setPerAlarm = Math.max(traffic.alarmsSet / traffic.alarms, checked.alarmsSet / checked.alarms);
  const limits = hasLimits(pool)
    ? Math.max(0, perS((counts) => counts.rowsWritten, limited) - perS((counts) => counts.rowsWritten))
    : 0;
  const lines = load.rps * pool.log.sample * (traffic.logLines / traffic.requests);
  return {
    calls,
    alarms,
    rowsWritten: alarms * setPerAlarm + byTraffic((counts) => counts.rowsWritten) + limits,
    rowsRead:
      byTraffic((counts) => counts.rowsRead) +
      checks * (checked.rowsRead / checked.alarms) +
      (pool.coordination === "strict" ? load.rps * (strict.rowsRead / strict.requests) : 0),
    kvReads: Math.min(
      perS((counts) => counts.objectKvReads),
      calls + alarms,
    ),
    logBytes: lines * (traffic.logBytes / traffic.logLines + ADDED_BYTES),
    awake: awakeFor(calls + alarms),
  };
}

/** Share of the time in which the object is awake. @param events calls and alarms, per second */
function awakeFor(events: number): number {
  return Math.min(1, events * AWAKE_S);
}

/** Calls of isolates to the pool's object, per second. */
function callsOf(pool: PoolConfig, { rps, isolates }: Load, { runs, seconds }: Measured): number {
  const { traffic, strict, limited, sparse } = runs;
  const sparsePerRequest = sparse.poolCalls / sparse.requests;
  const each = Math.min(traffic.poolCalls / seconds, (rps / isolates) * sparsePerRequest);
  const syncs = Math.min(isolates * each, MOST_SYNCS_PER_S);
  const tokens = hasLimits(pool) ? Math.max(0, limited.poolCalls - traffic.poolCalls) / seconds : 0;
  const perPick = (strict.poolCalls - traffic.poolCalls) / strict.requests;
  return syncs + isolates * tokens + (pool.coordination === "strict" ? rps * perPick : 0);
}

function isolateUsage(config: ConfigFile, { rps, isolates }: Load, measured: Measured): IsolateCounts {
  const isRouted = config.routes.length > 0;
  const counts = isRouted ? measured.isolate : measured.isolateWithoutRoutes;
  const seconds = isRouted ? measured.seconds : measured.isolateWithoutRoutes.seconds;
  // An isolate makes no calls while it has no request.
  const perS = (count: number) => isolates * Math.min(count / seconds, rps / isolates);
  return {
    kvReads: perS(counts.kvReads),
    kvLists: perS(counts.kvLists),
    routesCalls: perS(counts.routesCalls),
  };
}

function hasLimits({ rate_limit, origins }: PoolConfig): boolean {
  return rate_limit !== null || origins.some((origin) => origin.rate_limit !== null);
}
