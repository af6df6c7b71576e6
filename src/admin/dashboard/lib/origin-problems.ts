/**
 * Finds the problems of an origin: its state with the last probe's result, and how its attempts fail.
 * @module
 */
import { noBindingText } from "../../../contract/no-binding.ts";
import type { HistoryBucket, HistoryOrigin } from "../../../contract/stats.ts";
import { duration, latency, percent } from "./format.ts";
import type { FailureKind, LiveOrigin, LivePool } from "./live.ts";
import type { Onset } from "./onset.ts";
import type { FindOnset } from "./problems.ts";
import {
  breaksOff,
  ENOUGH_PER_SECOND,
  isFailing,
  MANY_ERRORS,
  MOST_ATTEMPTS,
  originState,
} from "./status.ts";

export interface Trouble {
  tone: "warn" | "bad";
  origin: string;
  /** Equal for problems that share a line. */
  kind: string;
  /** Of this one. */
  text: string;
  /** Of all of the kind. */
  shared: string;
  onset: Onset | null;
  weight: number;
}

/** Slower than others by this factor and by so much is worth a word. In ms. */
const SLOW_FACTOR = 5;
const SLOW_BY_MS = 250;

export function originTroubles(pool: LivePool, nowMs: number, find: FindOnset): Trouble[] {
  return pool.origins.flatMap((origin) => {
    const trouble =
      stateTrouble(pool, origin, nowMs) ??
      attemptsTrouble(pool, origin, find) ??
      brokenOffTrouble(origin) ??
      slowTrouble(pool, origin, find);
    return trouble === null ? [] : [trouble];
  });
}

/** `50% of attempts time out after 10 s`; empty: too few of them fail. Most first. */
function failureText(origin: LiveOrigin, timeoutS: number | null): string {
  if (!isFailing(origin)) return "";
  const kinds = kindsOf(origin);
  if (kinds.length === 0) return `${percent(origin.error_rate)} of attempts fail`;
  const [[first, share], second] = [kinds[0] ?? ["status_other", 0], kinds[1]];
  const more = second === undefined ? "" : `, ${percent(second[1])} ${does(second[0], timeoutS)}`;
  return `${percent(share)} of attempts ${does(first, timeoutS)}${more}`;
}

function stateTrouble(pool: LivePool, origin: LiveOrigin, nowMs: number): Trouble | null {
  const { tone, label } = originState(origin);
  if (tone !== "bad" && tone !== "warn") return null;
  const { id } = origin;
  const failure = failureText(origin, pool.attempt_timeout);
  if (origin.ejected && origin.healthy) {
    const left = duration(Math.max(0, (origin.ejected_until ?? 0) - nowMs));
    const text = `Ejected for ${left} more${failure === "" ? ", by its failures" : `: ${failure}`}`;
    const shared = `ejected${failure === "" ? "" : `, attempts ${does(dominant(origin), pool.attempt_timeout)}`}`;
    const event = pool.events.find(({ kind, origin: of }) => kind === "ejected" && of === id);
    const onset = event === undefined ? null : { at: event.at, isEarlier: false };
    return { tone, origin: id, kind: shared, text, shared, onset, weight: 1 };
  }
  const probe = origin.last_probe;
  const failed = probe === null || probe.passed ? "" : probe.detail;
  const seen = origin.no_binding ? noBindingText(origin.binding ?? "") : failed;
  const shared = `${label.toLowerCase()}${seen === "" ? "" : `, ${seen}`}`;
  const onset = { at: origin.since, isEarlier: false };
  return {
    tone,
    origin: id,
    kind: shared,
    text: `${label}${seen === "" ? "" : `: ${seen}`}`,
    shared,
    onset,
    weight: 1.5,
  };
}

function attemptsTrouble(pool: LivePool, origin: LiveOrigin, find: FindOnset): Trouble | null {
  if (!isFailing(origin)) return null;
  const { id, error_rate } = origin;
  const timeoutS = pool.attempt_timeout;
  const kind = dominant(origin);
  return {
    tone: error_rate >= MOST_ATTEMPTS ? "bad" : "warn",
    origin: id,
    kind: `attempts ${kind}`,
    text: failureText(origin, timeoutS),
    shared: `attempts ${does(kind, timeoutS)}`,
    onset: find(pool.pool, (bucket) => errorShare(bucket, id), MANY_ERRORS),
    weight: 1 + error_rate,
  };
}

/** Their statuses were good, and clients got a part. */
function brokenOffTrouble(origin: LiveOrigin): Trouble | null {
  if (!breaksOff(origin)) return null;
  const { id, answers_broken_off_per_second = 0, requests_per_second } = origin;
  const share = Math.min(1, answers_broken_off_per_second / requests_per_second);
  const text = `breaks off ${percent(share)} of its answers`;
  return {
    tone: "warn",
    origin: id,
    kind: "broken off",
    text,
    shared: "answers broken off",
    onset: null,
    weight: 1,
  };
}

/** Far slower than the others: nothing fails, and clients wait. */
function slowTrouble(pool: LivePool, origin: LiveOrigin, find: FindOnset): Trouble | null {
  if (origin.p50 === null || origin.requests_per_second < ENOUGH_PER_SECOND / 5) return null;
  const others = pool.origins.flatMap(({ id, p50 }) => (id === origin.id || p50 === null ? [] : [p50]));
  const usual = others.toSorted((a, b) => a - b)[Math.floor((others.length - 1) / 2)];
  if (usual === undefined) return null;
  const least = Math.max(SLOW_FACTOR * usual, usual + SLOW_BY_MS);
  if (origin.p50 < least) return null;
  const isSlow = (bucket: HistoryBucket): number | null => {
    const { p50 = null } = countedOf(bucket, origin.id) ?? {};
    return p50 === null ? null : Number(p50 >= least);
  };
  const onset = find(pool.pool, isSlow, 0);
  const text = `slow: half of its answers take ${latency(origin.p50)} or more, others ${latency(usual)}`;
  return { tone: "warn", origin: origin.id, kind: "slow", text, shared: "slow", onset, weight: 0.5 };
}

/** Most first. */
function kindsOf({ failures }: LiveOrigin): [FailureKind, number][] {
  return (Object.entries(failures) as [FailureKind, number][]).toSorted((a, b) => b[1] - a[1]);
}

function dominant(origin: LiveOrigin): FailureKind | null {
  return kindsOf(origin)[0]?.[0] ?? null;
}

/** What attempts do, in words. */
function does(kind: FailureKind | null, timeoutS: number | null): string {
  switch (kind) {
    case null:
      return "fail";
    case "connect_failures":
      return "do not connect";
    case "timeouts":
      return timeoutS === null ? "time out" : `time out after ${timeoutS} s`;
    case "status_other":
      return "answer another status of 500 and up";
    default:
      return `answer status ${kind.slice("status_".length)}`;
  }
}

function errorShare(bucket: HistoryBucket, id: string): number | null {
  const counted = countedOf(bucket, id);
  return counted === undefined || counted.requests === 0 ? null : counted.errors / counted.requests;
}

/** What a bucket has of an origin, whose id may be that of a property of every object. */
function countedOf({ origins }: HistoryBucket, id: string): HistoryOrigin | undefined {
  return Object.hasOwn(origins, id) ? origins[id] : undefined;
}
