import { ONE_FAILURE, ONE_SUCCESS, type OutlierDetector } from "../../src/core/outlier-detector.ts";

/** Enough servers that the limit on ejections does not matter. */
export const POOL = 10;
/** What ejects by default. */
export const FAILS = "FFFFF";
export const IN_A_ROW = "ejected consecutive_failures";
export const BY_SHARE = "ejected failure_percent";

/** Feeds a server one outcome per letter, F for a failure, all at one moment. Returns what was said, in order. */
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
