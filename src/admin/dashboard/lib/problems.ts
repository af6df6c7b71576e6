/**
 * Lists the problems: worst first, equal problems of many origins in one line, each with its reason and its start.
 * @module
 */
import { poolStatusText } from "../../../contract/pool-status.ts";
import type { ClientFigures } from "../../../contract/stats.ts";
import { clientProblem, unroutedProblems } from "./client-problems.ts";
import type { FeedState } from "./feed.ts";
import { plural } from "./format.ts";
import type { LivePool, WatchedPool } from "./live.ts";
import type { View } from "./location.ts";
import { type Onset, onsetOf } from "./onset.ts";
import { originTroubles, type Trouble } from "./origin-problems.ts";
import { outOfTraffic, type Status } from "./status.ts";

export interface DashboardProblem {
  tone: "warn" | "bad";
  /** Null: no pool in particular. */
  pool: string | null;
  origin: string | null;
  /** Where one reads more. Absent: at the pool or the origin. */
  view?: View;
  text: string;
  /** Since when. Null: not known. */
  onset: Onset | null;
  /** Among those of one tone the larger comes first. */
  weight: number;
}

/** The weight of a problem; problems of clients come before problems of an origin. */
const DOWN = 5;
const PANIC = 2;
const STEERED = 1;
const REFUSED = 0;

/** With which event it began. */
const STATUS_EVENTS = { out: "pool_unavailable", spilling: "pool_spilling" } as const;

/** Finds the beginning of what fails; tests bring their own. */
export type FindOnset = typeof onsetOf;

/** Origins that a line names. */
const NAMED = 3;

export function allProblems(
  state: Pick<FeedState, "pools" | "clients" | "unrouted">,
  nowMs: number,
): DashboardProblem[] {
  const { pools, clients, unrouted } = state;
  const found = (pools ?? []).flatMap((pool) => poolProblems(pool, nowMs));
  return sorted([...found, ...unroutedProblems(clients, unrouted), ...belowAll(found, clients)]);
}

/** Each pool may be within bounds of its own, and all of them together not. */
function belowAll(found: readonly DashboardProblem[], clients: ClientFigures | null): DashboardProblem[] {
  const problem = clients === null || found.length > 0 ? null : clientProblem(clients, null);
  return problem === null ? [] : [problem];
}

/** @param nowMs by the balancer's clock */
export function poolProblems(
  pool: WatchedPool,
  nowMs: number,
  find: FindOnset = onsetOf,
): DashboardProblem[] {
  if ("error" in pool) return [problem(pool.pool, "bad", pool.error, DOWN)];
  const { clients = null } = pool;
  const failing = clients === null ? null : clientProblem(clients, pool, find);
  const origins = grouped(pool, originTroubles(pool, nowMs, find));
  return sorted([
    ...wholeProblems(pool),
    ...statusProblems(pool, nowMs),
    ...(failing === null ? [] : [failing]),
    ...origins,
  ]);
}

export function poolStatus(pool: WatchedPool): Status {
  if ("error" in pool) return { tone: "bad", label: "No answer" };
  if (!pool.configured) return { tone: "bad", label: "Not configured" };
  if (pool.eligible_count === 0) return { tone: "bad", label: "Down" };
  const problems = poolProblems(pool, 0);
  if (problems.some(({ tone }) => tone === "bad")) return { tone: "bad", label: "Degraded" };
  if (problems.length > 0) return { tone: "warn", label: "Degraded" };
  return { tone: "good", label: "In service" };
}

function wholeProblems(pool: LivePool): DashboardProblem[] {
  const { pool: name, configured, config_error } = pool;
  const found: DashboardProblem[] = [];
  if (!configured) found.push(problem(name, "bad", "There is no usable configuration", DOWN));
  else if (pool.eligible_count === 0) found.push(downProblem(pool));
  if (pool.panic) {
    const text = "Panic: unhealthy origins are used, because too few are healthy";
    found.push(problem(name, "bad", text, PANIC));
  }
  if (config_error !== null) {
    const text = `The last configuration was refused: ${config_error}`;
    found.push(problem(name, "warn", text, REFUSED));
  }
  return found;
}

/** What routes with several pools make of it. That a pool is down says all. */
function statusProblems(
  { pool, status = null, eligible_count, configured, events }: LivePool,
  nowMs: number,
): DashboardProblem[] {
  const text = status === null ? null : poolStatusText(status, nowMs);
  if (status === null || text === null || !configured || eligible_count === 0) return [];
  const isOut = !status.available && status.returns_at === undefined;
  const since = events.find(({ kind }) => kind === STATUS_EVENTS[status.available ? "spilling" : "out"]);
  const onset = since === undefined ? null : { at: since.at, isEarlier: false };
  const shown = text.charAt(0).toUpperCase() + text.slice(1);
  return [{ ...problem(pool, isOut ? "bad" : "warn", shown, STEERED), onset }];
}

/** Down is a fact; by whose hand is what one wants to know. */
function downProblem(pool: LivePool): DashboardProblem {
  const down = pool.events.find(({ kind }) => kind === "pool_down");
  const why = outOfTraffic(pool);
  const text = `No origin can take requests${why === "" ? "" : `: ${why}`}`;
  const onset = down === undefined ? null : { at: down.at, isEarlier: false };
  return { ...problem(pool.pool, "bad", text, DOWN), onset };
}

function problem(
  pool: string,
  tone: DashboardProblem["tone"],
  text: string,
  weight: number,
): DashboardProblem {
  return { tone, pool, origin: null, text, onset: null, weight };
}

/** Origins that have the same trouble are one problem. */
function grouped(pool: LivePool, troubles: readonly Trouble[]): DashboardProblem[] {
  const groups = new Map<string, Trouble[]>();
  for (const trouble of troubles) {
    const group = groups.get(trouble.kind);
    if (group === undefined) groups.set(trouble.kind, [trouble]);
    else group.push(trouble);
  }
  return [...groups.values()].map((group) => groupProblem(pool, group, troubles.length));
}

function groupProblem(pool: LivePool, group: readonly Trouble[], inTrouble: number): DashboardProblem {
  const [first, ...others] = group;
  if (first === undefined) throw new RangeError("a group has a trouble");
  const { tone, origin, text, onset, weight } = first;
  if (others.length === 0) return { tone, pool: pool.pool, origin, text, onset, weight };
  // Those with trouble come first: if all that came have some, there may be more.
  const isCut = pool.origins.length < pool.origin_count && inTrouble >= pool.origins.length;
  const names = group.slice(0, NAMED).map((each) => each.origin);
  const rest = group.length - names.length;
  const named = rest > 0 ? `${names.join(", ")} and ${plural(rest, "other")}` : names.join(", ");
  const many = `${isCut ? "at least " : ""}${group.length} of ${plural(pool.origin_count, "origin")}`;
  return {
    tone: group.some((each) => each.tone === "bad") ? "bad" : tone,
    pool: pool.pool,
    origin: null,
    text: `${many}: ${first.shared} (${named})`,
    onset: earliest(group.map((each) => each.onset)),
    weight: Math.max(...group.map((each) => each.weight)) + group.length / pool.origin_count,
  };
}

function earliest(onsets: readonly (Onset | null)[]): Onset | null {
  const known = onsets.filter((onset) => onset !== null);
  return known.reduce<Onset | null>(
    (least, each) => (least === null || each.at < least.at ? each : least),
    null,
  );
}

function sorted(problems: DashboardProblem[]): DashboardProblem[] {
  const rank = ({ tone, weight }: DashboardProblem): number => (tone === "bad" ? 100 : 0) + weight;
  return problems.toSorted((a, b) => rank(b) - rank(a));
}
