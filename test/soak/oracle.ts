/**
 * Decides whether a client's result is allowed. It is the only place that allows an error, and it names the reason for
 * each one.
 * @module
 */

import type { Fault, FaultWindow } from "./contract.ts";
import type { Result } from "./outcome.ts";

/** Allowed results have the name of the reason; others say what is wrong. */
export type Verdict = { ok: true; why: string } | { ok: false; wrong: string };

/** The balancer's log line of a request. */
export interface Logged {
  /** The origin that was tried last. */
  origin: string | null;
  attempts: number;
}

/** Time after a fault's beginning and end in which open connections may break off because of it. */
const AFTERMATH_MS = 1_000;

/** Faults that break off an answer that has begun. */
const BREAK_BODIES: ReadonlySet<Fault> = new Set<Fault>(["kill", "refuse", "truncate"]);
/**
 * Faults in which a request gets no headers and fails at once. A cut is one of them: the connection ends so soon after
 * the headers that a request whose body is still being sent fails, and its client gets no headers.
 */
const FAIL: ReadonlySet<Fault> = new Set<Fault>(["kill", "refuse", "reset", "garbage", "truncate"]);
/** Faults in which headers do not come in time. */
const DELAY: ReadonlySet<Fault> = new Set<Fault>(["hang", "slow"]);

const ANSWERS_TO_MALFORMED = new Set([400, 408, 413, 426, 431, 501, 505]);

/** Errors by which a client learns that its connection was closed, as opposed to silence. */
const CLOSED = /connection (was closed|broke off)|ECONNRESET|EPIPE/;

const allowed = (why: string): Verdict => ({ ok: true, why });
const wrong = (what: string): Verdict => ({ ok: false, wrong: what });

export function judge(result: Result, windows: readonly FaultWindow[], logged: Logged | undefined): Verdict {
  const { job, status, isWhole, isRight } = result;
  if (!isRight) return wrong("a byte that is not the origin's, or a short answer that ended well");
  const met = metBy(result, windows);
  switch (job.manner) {
    case "leaves_upload":
    case "leaves_early":
    case "leaves_body":
      return allowed("the client left");
    case "malformed":
      return judgeMalformed(result);
    case "stalls":
      // docs/forwarding.md: a pause of `attempt_timeout` within the body ends the request as the client's failure.
      if (status === 408) return allowed("the client's own pause ended its request");
      return met.length === 0
        ? wrong("an upload that stalls is the client's: 408")
        : judgeFault(result, met, logged);
    default:
      if (isWhole && isGood(status)) return allowed("right");
      return met.length === 0 ? wrong("no origin had a fault") : judgeFault(result, met, logged);
  }
}

/** The origin's own answers to what the clients ask for. */
function isGood(status: number | null): boolean {
  return status === 200 || status === 101;
}

function judgeMalformed({ status, problem, error }: Result): Verdict {
  if (status === null && error !== null && CLOSED.test(error))
    return allowed("the connection of a malformed request was closed");
  if (status !== null && ANSWERS_TO_MALFORMED.has(status)) return allowed("a malformed request was refused");
  return wrong(`a malformed request was answered ${status} ${problem ?? error ?? ""}`);
}

/** Judges a request of a well-behaved client that did not get the right answer while an origin had a fault. */
function judgeFault(result: Result, met: readonly FaultWindow[], logged: Logged | undefined): Verdict {
  const { job, status, origin, fault, problem } = result;
  const at = (name: string | null, kinds: ReadonlySet<Fault>): boolean =>
    met.some((window) => window.origin === name && kinds.has(window.fault));
  if (isGood(status)) {
    // Headers were passed on and cannot be taken back. The client sees that the answer is incomplete.
    if (at(origin, BREAK_BODIES)) return allowed("the origin broke off its answer");
    return wrong("an answer broke off that its origin did not break off");
  }
  if (fault === "500") {
    // 500 is an ordinary answer, because it is not in `retry_on`.
    return at(origin, new Set<Fault>(["500"]))
      ? allowed("the origin's own 500")
      : wrong("a 500 from nowhere");
  }
  // From here on the fault came before the headers, and two other origins were up.
  if (job.isRepeatable) return wrong("a request that may be repeated met the fault before headers");
  if (logged !== undefined && logged.attempts > 1)
    return wrong("a request that may be sent once was sent again");
  if (fault === "503" && at(origin, new Set<Fault>(["503"])))
    return allowed("the 503 of a request sent once");
  const tried = logged?.origin ?? null;
  if (problem === "origin_failed" && at(tried, FAIL)) return allowed("502 of a request sent once");
  if (problem === "origin_timeout" && at(tried, DELAY)) return allowed("504 of a request sent once");
  return wrong("an error that the origin's fault does not explain");
}

/** The faults that may have affected a request. */
export function metBy({ startMs, endMs }: Result, windows: readonly FaultWindow[]): FaultWindow[] {
  return windows.filter(
    ({ fromMs, toMs }) => startMs <= toMs + AFTERMATH_MS && endMs >= fromMs - AFTERMATH_MS,
  );
}
