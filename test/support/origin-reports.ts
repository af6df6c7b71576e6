/**
 * What isolates report of an origin.
 * @module
 */
import type { OriginReport } from "../../src/contract/sync.ts";

/** @param fields what it has to tell; without any: nothing */
export function originReport(fields: Partial<OriginReport> = {}): OriginReport {
  return {
    outcomes: {},
    failures_in_row: 0,
    had_success: false,
    retries: 0,
    rate_limited: 0,
    latency: [],
    ...fields,
  };
}

/** Nothing but so many failures of one kind. */
export function failures(kind: "connect_failure" | "status" | "timeout", count: number): OriginReport {
  return originReport({ outcomes: { [kind]: count }, failures_in_row: count });
}
