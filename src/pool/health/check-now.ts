/**
 * Probes every origin at once, for an operator who waits for the answer.
 * @module
 */
import type { HealthCheckConfig, OriginConfig } from "../../config/schema.ts";
import type { ProbeReport } from "../../contract/admin.ts";
import type { Clock } from "../../core/system.ts";
import type { ProbeResult, RunProbe } from "./probe-result.ts";
import { MOST_PROBES } from "./probe-schedule.ts";

/** No probe is started after this long. */
const LONGEST_CHECK_MS = 20_000;

/** @param seen called with each result */
export async function checkNow(
  check: HealthCheckConfig,
  origins: readonly OriginConfig[],
  probe: RunProbe,
  seen: (origin: string, result: ProbeResult) => void,
  now: Clock,
): Promise<ProbeReport[]> {
  const deadlineMs = now() + LONGEST_CHECK_MS;
  const reports: ProbeReport[] = origins.map(({ id }) => ({
    origin: id,
    passed: null,
    detail: "not probed: time was up",
    duration_ms: 0,
  }));
  const left = origins.entries();
  const work = async (): Promise<void> => {
    for (const [index, origin] of left) {
      if (now() >= deadlineMs) return;
      const result = await probe(check, origin);
      const { passed, detail, durationMs } = result;
      reports[index] = { origin: origin.id, passed, detail, duration_ms: durationMs };
      seen(origin.id, result);
    }
  };
  await Promise.all(Array.from({ length: MOST_PROBES }, work));
  return reports;
}
