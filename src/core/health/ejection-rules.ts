/**
 * Which rule ejects a server (Envoy): a number of failures in a row, or too large a share of failures in a sliding
 * window. A server that fails every third request never fails five times in a row.
 * @module
 */
import type { FailureRow } from "./failure-row.ts";
import type { OutcomeWindow } from "./outcome-window.ts";

/** What is too bad. */
export interface EjectionRules {
  /** Failures in a row that eject; 0: not judged. */
  readonly consecutiveFailures: number;
  /** Percentage of failures within the window that ejects; 0: not judged. */
  readonly failurePercent: number;
  /** Requests within the window below which the percentage is not judged. */
  readonly minimumRequests: number;
}

/** Which of the two rules ejected. */
export type EjectionReason = "consecutive_failures" | "failure_percent";

/** What the rules judge. */
export interface Conduct {
  readonly row: FailureRow;
  readonly window: Pick<OutcomeWindow, "requests" | "failures">;
}

/** Null: no rule ejects the server. */
export function reasonToEject({ row, window }: Conduct, rules: EjectionRules): EjectionReason | null {
  const { consecutiveFailures, failurePercent, minimumRequests } = rules;
  if (consecutiveFailures > 0 && row.failures >= consecutiveFailures) return "consecutive_failures";
  const { requests, failures } = window;
  const judged = failurePercent > 0 && requests >= minimumRequests;
  return judged && failures * 100 >= failurePercent * requests ? "failure_percent" : null;
}
