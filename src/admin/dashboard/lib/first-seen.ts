/**
 * When this page first saw a problem whose start nothing tells.
 * @module
 */
import type { DashboardProblem } from "./problems.ts";

/** A problem that was gone for longer begins anew: one that comes and goes with each poll does not. */
const FORGOTTEN_MS = 60_000;

export class FirstSeen {
  readonly #seen = new Map<string, { firstMs: number; lastMs: number }>();

  /** Notes that the problem is there. @returns since when it is, in ms; as `nowMs` */
  note(problem: DashboardProblem, nowMs: number): number {
    const key = problemKey(problem);
    const known = this.#seen.get(key);
    const firstMs = known === undefined || nowMs - known.lastMs > FORGOTTEN_MS ? nowMs : known.firstMs;
    this.#seen.set(key, { firstMs, lastMs: nowMs });
    return firstMs;
  }
}

/** Without numbers, which change all the time. */
export function problemKey({ pool, origin, text }: DashboardProblem): string {
  return `${pool} ${origin} ${text.replace(/[\d.]+/g, "").slice(0, 40)}`;
}
