/**
 * Origins that could not be reached a moment ago. Preferring their equals keeps a dead origin, which the checks have not
 * found out yet, from costing every n-th request a retry: for a second, and in a crowd, where an isolate hears of the
 * object's verdict only after its pace, for that long. No session and no key leaves them for that.
 * @module
 */
import type { Clock } from "../../core/system.ts";
import type { EdgeServer } from "../model/edge-server.ts";

/** How long an origin that could not be reached is passed over while an equal is left, at least and at most. */
const LEAST_MS = 1_000;
const MOST_MS = 10_000;

const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();

export class RecentlyUnreachable {
  readonly #now: Clock;
  /** When each was last found so, in ms. */
  readonly #foundMs = new Map<EdgeServer, number>();
  #lengthMs = LEAST_MS;

  constructor(now: Clock) {
    this.#now = now;
  }

  /** @param paceMs how often the object answers this isolate: by then it knows the verdict */
  set paceMs(paceMs: number) {
    this.#lengthMs = Math.min(Math.max(LEAST_MS, paceMs), MOST_MS);
  }

  /** An attempt at `server` ended. */
  observe(server: EdgeServer, isUnreachable: boolean): void {
    if (isUnreachable) this.#foundMs.set(server, this.#now());
    else if (this.#foundMs.size > 0) this.#foundMs.delete(server);
  }

  /** Those that are passed over now. */
  list(): ReadonlySet<EdgeServer> {
    // Asked for each request, when there is hardly ever one.
    if (this.#foundMs.size === 0) return NO_SERVERS;
    const nowMs = this.#now();
    for (const [server, foundMs] of this.#foundMs) {
      const agoMs = nowMs - foundMs;
      // Less than none: the clock was set back.
      if (agoMs < 0 || agoMs >= this.#lengthMs) this.#foundMs.delete(server);
    }
    return new Set(this.#foundMs.keys());
  }
}
