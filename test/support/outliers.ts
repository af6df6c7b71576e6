import { ONE_FAILURE, ONE_SUCCESS } from "../../src/core/health/outcome-window.ts";
import type { OutlierDetector } from "../../src/core/health/outlier-detector.ts";

/** So many servers that the limit on ejections does not matter. */
export const POOL = 10;
/** The default configuration of outlier detection. */
export const FAILS = "FFFFF";
export const IN_A_ROW = "ejected consecutive_failures";
export const BY_SHARE = "ejected failure_percent";

/** Records one outcome per letter for a server, F for a failure, all at one time. @returns the results, in order */
export function feed(
  detector: OutlierDetector,
  id: string,
  outcomes: string,
  nowMs: number,
  poolSize = POOL,
): string[] {
  return [...outcomes].flatMap((outcome) => {
    const batch = outcome === "F" ? ONE_FAILURE : ONE_SUCCESS;
    const said = detector.record(id, batch, poolSize, nowMs);
    return said === null ? [] : [`${said.kind} ${said.reason}`];
  });
}
