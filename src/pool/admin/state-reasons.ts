/**
 * Finds the reason for an origin's state, from its record, its last probe, the pool's events and its counts.
 * @module
 */

import type { PoolEvent, PoolEventKind } from "../../contract/events.ts";
import type { ExclusionReason, StateReason } from "../../contract/explanation.ts";
import { noBindingText } from "../../contract/no-binding.ts";
import type { TrafficCounts } from "../../contract/stats.ts";
import { ownValue } from "../../core/own-value.ts";
import { drainAsked, type OriginRecord } from "../origins/origin-record.ts";
import type { PoolState } from "./description.ts";

/** Seconds whose failures are shown with an ejection. */
export const FAILURES_WINDOW_S = 300;

/** Asked only for an origin that is in need of them. */
export interface ReasonSources {
  /** Newest first. */
  events: () => PoolEvent[];
  /** What each origin counted within FAILURES_WINDOW_S, by its id. */
  failures: () => Record<string, TrafficCounts>;
}

const FAILURE_WORDS = {
  connect_failures: "no connection",
  timeouts: "time-out",
  status_500: "status 500",
  status_502: "status 502",
  status_503: "status 503",
  status_504: "status 504",
  status_other: "another status of 500 and up",
} as const satisfies Partial<Record<keyof TrafficCounts, string>>;

/** The reason for each state; null: there is nothing to add to the state itself. */
export function stateReasons(
  poolState: PoolState,
  sources: ReasonSources,
): (origin: string, state: ExclusionReason) => StateReason | null {
  let known: PoolEvent[] | null = null;
  const newest: Newest = (origin, kind) => {
    known ??= sources.events();
    return known.find((event) => event.kind === kind && event.origin === origin) ?? null;
  };
  return (origin, state) => {
    const record = poolState.originStates.record(origin);
    if (record === null) return null;
    switch (state) {
      case "unhealthy":
        return unhealthy(origin, record, poolState, newest);
      case "ejected":
        return ejected(origin, poolState, newest, sources);
      case "draining":
      case "drained":
        return drained(origin, record, newest);
      case "at_max_connections":
        return atMaximum(origin, poolState);
      case "no_binding":
        return unbound(origin, poolState);
      default:
        return null;
    }
  };
}

/** The newest event of that kind about an origin. */
type Newest = (origin: string, kind: PoolEventKind) => PoolEvent | null;

function unhealthy(origin: string, record: OriginRecord, poolState: PoolState, newest: Newest): StateReason {
  const { health, holdDown, flap, sinceMs: since } = record;
  const probe = poolState.monitor.lastProbe(origin);
  // Probes are not kept: an object that was started again has none yet, but knows why it changed.
  const seen = probe?.detail ?? newest(origin, "unhealthy")?.detail ?? "no probe has come back yet";
  if (holdDown) {
    const detail = `held down because it changes too often; last probe: ${seen}`;
    return { detail, since, until: flap.holdDownUntilMs, who: null };
  }
  const rise = poolState.snapshot?.config.health_check?.healthy_threshold ?? 1;
  const progress = probe?.passed === true ? `, which is good: ${health.streak} of ${rise} in a row` : "";
  return { detail: seen + progress, since, until: null, who: null };
}

function ejected(origin: string, poolState: PoolState, newest: Newest, sources: ReasonSources): StateReason {
  const ejection = newest(origin, "ejected");
  const failures = failuresText(ownValue(sources.failures(), origin) ?? null);
  const detail = [ejection?.detail ?? "", failures].filter((text) => text !== "").join("; ");
  return {
    detail: detail === "" ? null : detail,
    since: ejection?.at ?? null,
    until: poolState.originStates.ejectedUntilMs(origin),
    who: null,
  };
}

function drained(origin: string, record: OriginRecord, newest: Newest): StateReason {
  const { who, sinceMs } = drainAsked(record);
  return {
    detail: record.drained ? (newest(origin, "drained")?.detail ?? null) : null,
    since: sinceMs,
    until: record.drain?.deadlineMs ?? null,
    who,
  };
}

/** `5 x no connection, 2 x status 503 in the last 5 min`; empty if there were none. */
function failuresText(counts: TrafficCounts | null): string {
  if (counts === null) return "";
  const kinds = Object.entries(FAILURE_WORDS)
    .map(([kind, words]) => [counts[kind as keyof typeof FAILURE_WORDS], words] as const)
    .filter(([count]) => count > 0)
    .sort(([a], [b]) => b - a)
    .map(([count, words]) => `${count} x ${words}`);
  return kinds.length === 0 ? "" : `${kinds.join(", ")} in the last ${FAILURES_WINDOW_S / 60} min`;
}

function unbound(origin: string, { originStates }: PoolState): StateReason {
  const { binding = null } = originStates.origins().find(({ id }) => id === origin) ?? {};
  return { detail: binding === null ? null : noBindingText(binding), since: null, until: null, who: null };
}

function atMaximum(origin: string, { snapshot, isolates }: PoolState): StateReason {
  const most = snapshot?.config.origins.find(({ id }) => id === origin)?.max_connections ?? null;
  const detail = `${isolates.active(origin)} of ${most ?? 0} connections are open`;
  return { detail, since: null, until: null, who: null };
}
