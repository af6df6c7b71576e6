/**
 * The lines that the tested program may write to standard error. Any other line fails the test that stops the program:
 * an uncaught exception, a failed call, a warning of the runtime.
 * @module
 */
import { ALARM_SETTLED } from "../../support/quiet-runtime.ts";

/** Lines that the launcher writes in every run. */
const LAUNCHER = [
  /^starting the balancer \.\.\.$/,
  /^building the Worker, because its sources have changed \.\.\.$/,
  /^Dashboard {6}/,
  /^Admin token {4}/,
  /^Debugger {7}/,
  /: applied [a-z0-9:_, -]+$/,
];

/** Events of pools (src/contract/events.ts), except the kinds that always mean an error; and what a test's origin did. */
const EVENTS = new Set([
  "answer_broken_off",
  ...["config_applied", "audit", "affinity_secret_made"],
  ...["healthy", "unhealthy", "flapping", "ejected", "unejected", "not_ejected"],
  ...["drain_started", "drained", "undrained", "removed", "pool_down", "pool_up"],
  ...["pool_available", "pool_unavailable", "pool_returning", "pool_spilling"],
  // Checks are late on a busy machine.
  ...["checks_late", "checks_in_time"],
]);

/** A call between isolate and object took too long, which happens on a busy machine. */
const TOO_LONG = /time-?out|timed out/i;

/** @param expected lines of this test, each with its reason in the test */
export function unexpectedLines(stderr: string, expected: readonly RegExp[] = []): string[] {
  const known = [...LAUNCHER, ALARM_SETTLED, ...expected];
  return stderr
    .split("\n")
    .filter((line) => line !== "" && !isOrdinary(line) && !known.some((pattern) => pattern.test(line)));
}

/** A line of the Worker's log about a request or an event. */
function isOrdinary(line: string): boolean {
  const entry = parsed(line);
  if (entry === null) return false;
  return "path" in entry || EVENTS.has(String(entry.event)) || TOO_LONG.test(line);
}

function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
