/**
 * When the view of servers' health is taken to be wrong (Envoy's panic threshold): too few of them are healthy.
 * @module
 */
import { statusIneligibility } from "./eligibility.ts";
import type { Server } from "./server.ts";

/** Which priorities panic: all of their servers are used, whatever their health. */
export interface Panics {
  readonly primary: boolean;
  readonly backup: boolean;
}

export const NO_PANICS: Panics = { primary: false, backup: false };

/**
 * A priority panics when too few of its servers are healthy and no other one can take over: backups take over from
 * primary servers while one of them is healthy, and they do not panic while a primary server is believed to be healthy,
 * since nobody needs them then.
 * @param inService servers that the operator's settings allow traffic to
 * @param threshold percent; 0: never
 */
export function panicsOf(inService: readonly Server[], threshold: number): Panics {
  const all = { primary: 0, backup: 0 };
  const healthy = { primary: 0, backup: 0 };
  for (const server of inService) {
    const priority = server.backup ? "backup" : "primary";
    all[priority]++;
    if (statusIneligibility(server) === null) healthy[priority]++;
  }
  const hasFew = (priority: "primary" | "backup"): boolean =>
    healthy[priority] * 100 < threshold * all[priority];
  const primary = hasFew("primary") && healthy.backup === 0;
  return { primary, backup: hasFew("backup") && (primary || healthy.primary === 0) };
}
