/**
 * What state an origin or a pool is in, in words: one place says it for badges, lists, announcements and the title.
 * @module
 */
import type { LiveOrigin, LivePool } from "../../../contract/live.ts";
import type { WatchedPool } from "./feed.ts";
import { duration, percent, plural } from "./format.ts";

/** How it looks. Each tone has a colour and a shape of its own. */
export type Tone = "good" | "warn" | "bad" | "busy" | "off";

export interface Standing {
  tone: Tone;
  label: string;
}

export interface Problem {
  tone: "warn" | "bad";
  pool: string;
  origin: string | null;
  text: string;
}

/** Failing attempts are a problem from this share on, if there are enough of them to tell. */
const MANY_ERRORS = 0.05;
const ENOUGH_PER_SECOND = 0.5;
/** From here on they are worth a look. */
const SOME_ERRORS = 0.01;

export function originStanding(origin: LiveOrigin): Standing {
  if (origin.leaving) return { tone: "busy", label: "Leaving" };
  if (!origin.enabled) return { tone: "off", label: "Disabled" };
  if (origin.drained) return { tone: "off", label: "Drained" };
  if (origin.draining) return { tone: "busy", label: "Draining" };
  if (origin.status === "flapping") return { tone: "bad", label: "Flapping" };
  if (!origin.healthy) return { tone: "bad", label: "Unhealthy" };
  if (origin.ejected) return { tone: "warn", label: "Ejected" };
  if (origin.weight === 0) return { tone: "off", label: "Weight 0" };
  if (origin.weight_factor < 1)
    return { tone: "busy", label: `Warming up, ${percent(origin.weight_factor)}` };
  if (origin.backup && !origin.eligible) return { tone: "good", label: "Standby" };
  return { tone: "good", label: "Healthy" };
}

export function poolStanding(pool: WatchedPool): Standing {
  if ("error" in pool) return { tone: "bad", label: "No answer" };
  if (!pool.configured) return { tone: "bad", label: "Not configured" };
  if (pool.eligible_count === 0) return { tone: "bad", label: "Down" };
  const problems = poolProblems(pool, 0);
  if (problems.some(({ tone }) => tone === "bad")) return { tone: "bad", label: "Degraded" };
  if (problems.length > 0) return { tone: "warn", label: "Degraded" };
  return { tone: "good", label: "In service" };
}

/** What is wrong, worst first. @param nowMs by the balancer's clock */
export function poolProblems(pool: WatchedPool, nowMs: number): Problem[] {
  if ("error" in pool) return [{ tone: "bad", pool: pool.pool, origin: null, text: pool.error }];
  const problems = [
    ...wholeProblems(pool),
    ...pool.origins.flatMap((origin) => troubles(pool, origin, nowMs)),
  ];
  return problems.sort((a, b) => (a.tone === b.tone ? 0 : a.tone === "bad" ? -1 : 1));
}

function wholeProblems(pool: LivePool): Problem[] {
  const found: [Problem["tone"], string][] = [];
  if (pool.configured && pool.eligible_count === 0) found.push(["bad", "No origin can take requests"]);
  if (pool.panic) found.push(["bad", "Panic: unhealthy origins are used, because too few are healthy"]);
  if (!pool.configured) found.push(["bad", "There is no usable configuration"]);
  if (pool.config_error !== null) {
    found.push(["warn", `The last configuration was refused: ${pool.config_error}`]);
  }
  if (pool.error_rate >= MANY_ERRORS && pool.requests_per_second >= ENOUGH_PER_SECOND) {
    found.push(["warn", `${percent(pool.error_rate)} of the attempts fail`]);
  }
  return found.map(([tone, text]) => ({ tone, pool: pool.pool, origin: null, text }));
}

function troubles(pool: LivePool, origin: LiveOrigin, nowMs: number): Problem[] {
  const { tone, label } = originStanding(origin);
  if (tone !== "bad" && tone !== "warn") return [];
  const why = troubleDetail(origin, nowMs);
  return [{ tone, pool: pool.pool, origin: origin.id, text: why === "" ? label : `${label} ${why}` }];
}

function troubleDetail(origin: LiveOrigin, nowMs: number): string {
  if (origin.ejected && origin.healthy) {
    const leftMs = (origin.ejected_until ?? 0) - nowMs;
    return `by its failures, for ${duration(Math.max(0, leftMs))} more`;
  }
  const since = `for ${duration(Math.max(0, nowMs - origin.since))}`;
  const probe = origin.last_probe;
  return probe === null || probe.passed ? since : `${since}: ${probe.detail}`;
}

/** The colour of a share of errors; empty: none in particular. */
export function errorTone(rate: number): "bad" | "warn" | "" {
  if (rate >= MANY_ERRORS) return "bad";
  return rate >= SOME_ERRORS ? "warn" : "";
}

/** `2 of 3 origins in service` */
export function inService({ eligible_count, origin_count }: LivePool): string {
  return `${eligible_count} of ${plural(origin_count, "origin")} in service`;
}
