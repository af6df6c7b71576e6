/**
 * Origins that could not be reached a moment ago. Preferring their equals keeps a dead origin, which the checks have not
 * found out yet, from costing every n-th request a retry: for a second, and in a crowd, where an isolate hears of the
 * object's verdict only after its pace, for that long. No session and no key leaves them for that.
 *
 * Isolates of one data centre tell one another of them. What one isolate could not reach is believed once a second one could
 * not either, and nobody has reached it in between: so an origin that refuses one connection in a hundred keeps its
 * requests, however many there are. When that was is judged by each isolate's own clock alone.
 * @module
 */
import type { Suspected } from "../../contract/verdict-note.ts";
import type { Clock } from "../../core/system.ts";
import type { EdgeServer } from "../model/edge-server.ts";

/** How long an origin that could not be reached is passed over while an equal is left, at least and at most. */
const LEAST_MS = 1_000;
const MOST_MS = 10_000;
/** How many isolates are believed that could not reach it, and for how long: by then the object has decided. */
const BELIEVED = 2;
const BELIEVED_MS = 3_000;
/** An origin that was reached here so lately can be reached, whatever others say: requests fail no later than that. */
const LATELY_MS = 300;

const NO_SERVERS: ReadonlySet<EdgeServer> = new Set();

export class RecentlyUnreachable {
  readonly #now: Clock;
  /** When each was last found so, in ms. */
  readonly #foundMs = new Map<EdgeServer, number>();
  /** When this isolate first heard of it from so many others as are believed, in ms. */
  #heardMs: ReadonlyMap<EdgeServer, number> = new Map();
  /** What was found before that is told already. */
  #toldMs = 0;
  /** Something was found since this was last set to false. */
  hasNews = false;
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
    if (isUnreachable) {
      this.#foundMs.set(server, this.#now());
      this.hasNews = true;
    } else {
      server.reachedMs = this.#now();
      if (this.#foundMs.size > 0) this.#foundMs.delete(server);
    }
  }

  /** The object has spoken of `server` since. */
  forget(server: EdgeServer): void {
    this.#foundMs.delete(server);
  }

  /** Those that are passed over now. */
  list(): ReadonlySet<EdgeServer> {
    // Asked for each request, when there is hardly ever one.
    if (this.#foundMs.size === 0 && this.#heardMs.size === 0) return NO_SERVERS;
    const nowMs = this.#now();
    for (const [server, foundMs] of this.#foundMs)
      if (!isWithin(this.#lengthMs, foundMs, nowMs)) this.#foundMs.delete(server);
    const listed = new Set(this.#foundMs.keys());
    for (const [server, heardMs] of this.#heardMs)
      if (isWithin(BELIEVED_MS, heardMs, nowMs) && server.reachedMs < heardMs) listed.add(server);
    return listed;
  }

  /**
   * Hears what isolates nearby could not reach, and says what is to be told of it: with what this isolate could not reach
   * since it last told, and without what is reached, or is known to the object.
   * @param servers in the order of the configuration; null: the object says that it is not well
   * @param isolate this one's name
   * @returns null: just what is told
   */
  exchange(told: Suspected, servers: readonly (EdgeServer | null)[], isolate: string): Suspected | null {
    const nowMs = this.#now();
    const heardMs = new Map<EdgeServer, number>();
    const news: Record<number, readonly string[]> = {};
    for (const [index, server] of servers.entries()) {
      const isolates = told[index] ?? [];
      const sinceMs = (server && this.#heardMs.get(server)) ?? nowMs;
      const reachableMs = Math.max(LATELY_MS, nowMs - sinceMs);
      if (server === null || isWithin(reachableMs, server.reachedMs, nowMs)) {
        if (isolates.length > 0) news[index] = [];
      } else if (isolates.length >= BELIEVED) heardMs.set(server, sinceMs);
      else if ((this.#foundMs.get(server) ?? -1) >= this.#toldMs && !isolates.includes(isolate))
        news[index] = [...isolates, isolate];
    }
    this.#heardMs = heardMs;
    this.#toldMs = nowMs;
    return Object.keys(news).length === 0 ? null : { ...told, ...news };
  }
}

/** False also if it is in the future: the clock was set back. */
function isWithin(ms: number, sinceMs: number, nowMs: number): boolean {
  return nowMs >= sinceMs && nowMs - sinceMs < ms;
}
