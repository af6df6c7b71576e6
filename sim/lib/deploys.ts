/**
 * Judges a deploy by the requests that came in the three seconds after it: how many were refused, and how long they took.
 * @module
 */
import { rateLimitOf } from "../../src/config/pool-rules.ts";
import type { PoolConfig } from "../../src/config/schema.ts";

/** Requests count that came within this time after a deploy, or before it. */
const SPAN_MS = 3_000;
/** The promise holds for traffic up to this part of the limits... */
const MOST_TRAFFIC = 0.5;
/** ...and says that at most this share more is refused than before the deploy. */
const MOST_REFUSED = 0.02;

/** Requests that came in a span of time and have been answered. */
interface Cohort {
  answered: number;
  refused: number;
  longestMs: number;
  sumMs: number;
}

export interface DeployRecord {
  readonly atMs: number;
  readonly before: Cohort;
  readonly after: Cohort;
}

export interface DeployResult {
  at_s: number;
  /** Of the three seconds after the deploy. */
  requests: number;
  /** Share of them that was refused for rate limits, 0 to 1; and of those in the three seconds before. */
  refused: number;
  refused_before: number;
  /** From a request to its answer, whatever it was. */
  mean_ms: number;
  longest_ms: number;
}

export function deployRecord(atMs: number): DeployRecord {
  const cohort = (): Cohort => ({ answered: 0, refused: 0, longestMs: 0, sumMs: 0 });
  return { atMs, before: cohort(), after: cohort() };
}

/** A request that came at `cameMs` has its answer. */
export function noteAnswer(record: DeployRecord, cameMs: number, nowMs: number, isRefused: boolean): void {
  const sinceMs = cameMs - record.atMs;
  if (sinceMs < -SPAN_MS || sinceMs >= SPAN_MS) return;
  const cohort = sinceMs < 0 ? record.before : record.after;
  cohort.answered++;
  if (isRefused) cohort.refused++;
  cohort.sumMs += nowMs - cameMs;
  cohort.longestMs = Math.max(cohort.longestMs, nowMs - cameMs);
}

export function deployResult({ atMs, before, after }: DeployRecord): DeployResult {
  return {
    at_s: atMs / 1_000,
    requests: after.answered,
    refused: after.refused / Math.max(1, after.answered),
    refused_before: before.refused / Math.max(1, before.answered),
    mean_ms: after.sumMs / Math.max(1, after.answered),
    longest_ms: after.longestMs,
  };
}

/** Null: no deploy, an origin without a limit, or more traffic than the promise is for. */
export function keepsServing(
  deploys: readonly DeployResult[],
  config: PoolConfig,
  rateAt: (atMs: number) => number,
): boolean | null {
  const limits = config.origins.map((origin) => rateLimitOf(origin, config) ?? Number.POSITIVE_INFINITY);
  const limit = limits.reduce((sum, each) => sum + each, 0);
  const judged = deploys.filter(({ at_s }) => rateAt(at_s * 1_000) <= MOST_TRAFFIC * limit);
  if (judged.length === 0 || limit === Number.POSITIVE_INFINITY) return null;
  return judged.every(({ refused, refused_before }) => refused - refused_before < MOST_REFUSED);
}
