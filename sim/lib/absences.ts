/**
 * How long it takes until no isolate sends to an origin any more that failed or that its operator took out, and until
 * all send to it again once it is back.
 * @module
 */
import type { SimOptions } from "./options.ts";

/** An origin counts as out once it has got no request for this time. */
const QUIET_MS = 2_000;
/** An origin is back once it gets this share of what it is meant to get, over a second. */
const BACK_SHARE = 0.9;
const BACK_SPAN_MS = 1_000;

/** Why an origin leaves. */
type Reason = "failure" | "disabling" | "drain";

/** An event of one origin. */
type OriginEvent = SimOptions["fails"][number];

export interface FailureResult {
  what: Reason;
  origin: string;
  at_s: number;
  /** From the failure to the last request before the first two seconds without one; null: no such seconds. */
  out_after_s: number | null;
  /** Requests that it still got until then, and afterwards. */
  requests_until_out: number;
  requests_after: number;
}

export interface ReturnResult {
  origin: string;
  at_s: number;
  /** From the return to the first request; null: there was none. */
  first_after_s: number | null;
  /** From the return to the first second with nearly all the requests it is meant to get; null: there was none. */
  full_after_s: number | null;
}

/** Origins that leave, each with the reason. */
export function leaving({
  fails,
  disables,
  drains,
}: SimOptions): (OriginEvent & { readonly what: Reason })[] {
  return [
    ...fails.map((event) => ({ ...event, what: "failure" as const })),
    ...disables.map((event) => ({ ...event, what: "disabling" as const })),
    ...drains.map((event) => ({ ...event, what: "drain" as const })),
  ];
}

export function returning({ recoveries, enables }: SimOptions): OriginEvent[] {
  return [...recoveries, ...enables];
}

/** True if an origin is meant to get nothing then. */
export function isOut(options: SimOptions, id: string, atMs: number): boolean {
  const last = (events: readonly OriginEvent[]): number =>
    Math.max(
      -1,
      ...events.filter((event) => event.origin === id && event.atMs <= atMs).map((event) => event.atMs),
    );
  return last(leaving(options)) > last(returning(options));
}

/** @param trace start times of requests to the origin, in ms, ascending; for the next too */
export function failureResult(
  { what, origin, atMs }: ReturnType<typeof leaving>[number],
  options: SimOptions,
  trace: readonly number[],
): FailureResult {
  const back = returning(options).filter((event) => event.origin === origin && event.atMs > atMs);
  const endMs = Math.min(options.seconds * 1_000, ...back.map((event) => event.atMs));
  const sent = trace.filter((startMs) => startMs >= atMs && startMs < endMs);
  const isLast = (startMs: number, index: number): boolean =>
    (sent[index + 1] ?? endMs) - startMs >= QUIET_MS;
  const quietFromStart = (sent[0] ?? endMs) - atMs >= QUIET_MS;
  const last = quietFromStart ? -1 : sent.findIndex(isLast);
  const wentOut = quietFromStart || last >= 0;
  return {
    what,
    origin,
    at_s: atMs / 1_000,
    out_after_s: wentOut ? (quietFromStart ? 0 : ((sent[last] ?? atMs) - atMs) / 1_000) : null,
    requests_until_out: wentOut ? last + 1 : sent.length,
    requests_after: wentOut ? sent.length - last - 1 : 0,
  };
}

/** @param perSecond how many requests it is meant to get once it is back */
export function returnResult(
  { origin, atMs }: OriginEvent,
  perSecond: number,
  trace: readonly number[],
): ReturnResult {
  const got = trace.filter((startMs) => startMs >= atMs);
  const needed = Math.max(1, Math.ceil((perSecond * BACK_SPAN_MS * BACK_SHARE) / 1_000));
  // The first request that begins a second with so many.
  const full = got.find((startMs, index) => (got[index + needed - 1] ?? Infinity) - startMs <= BACK_SPAN_MS);
  const afterS = (startMs: number | undefined): number | null =>
    startMs === undefined ? null : (startMs - atMs) / 1_000;
  return { origin, at_s: atMs / 1_000, first_after_s: afterS(got[0]), full_after_s: afterS(full) };
}
