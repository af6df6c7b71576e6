/**
 * When this page first saw a problem whose start nothing tells.
 * @module
 */
import type { DashboardProblem } from "./problems.ts";

/** A problem that was gone for longer begins anew: one that comes and goes with each poll does not. */
const FORGOTTEN_MS = 60_000;

export class FirstSeen {
  /** In the order in which they were last seen. */
  readonly #seen = new Map<string, { firstMs: number; lastMs: number }>();

  get size(): number {
    return this.#seen.size;
  }

  /** Notes that the problem is there. @returns since when it is, in ms; as `nowMs` */
  note(problem: DashboardProblem, nowMs: number): number {
    const key = problemKey(problem);
    const known = this.#seen.get(key);
    const firstMs = known === undefined || nowMs - known.lastMs > FORGOTTEN_MS ? nowMs : known.firstMs;
    this.#seen.delete(key);
    this.#seen.set(key, { firstMs, lastMs: nowMs });
    for (const [other, { lastMs }] of this.#seen) {
      if (nowMs - lastMs <= FORGOTTEN_MS) break;
      this.#seen.delete(other);
    }
    return firstMs;
  }
}

/** Without numbers, which change all the time. */
export function problemKey({ pool, origin, text }: DashboardProblem): string {
  return `${pool} ${origin} ${text.replace(/[\d.]+/g, "").slice(0, 40)}`;
}
