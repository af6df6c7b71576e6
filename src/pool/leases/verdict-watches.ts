/**
 * The isolates that wait for the next verdict: one of each data centre, so that all hear of it at once, however many
 * isolates there are.
 * @module
 */
import type { PoolSnapshot } from "../../contract/sync.ts";
import { noteOf, shapeOf } from "../../contract/verdict-note.ts";
import {
  LONGEST_WATCH_MS,
  OFFER_MS,
  type WatchReply,
  type WatchRequest,
} from "../../contract/verdict-watch.ts";
import type { Clock, Timers } from "../../core/system.ts";

/** At a shorter pace isolates hear from the object, and then from one another, nearly as soon without a watch. */
const WATCHED_PACE_MS = 2_500;
/** Others are asked so long before the one that watches ends, until one begins. */
const OVERLAP_MS = 6_000;
/**
 * Isolates are asked no faster than this: what the pace leaves of the object's calls is also for the network, which brings
 * some of a second's planned calls in the next one (test/workers/pool-load.test.ts).
 */
const OFFERS_PER_SECOND = 20;
/** Nobody new is asked while those that were told take up more time than this. */
const MOST_AHEAD_MS = 1_000;

const NOTHING: WatchReply = { note: null, watch_after_ms: null };

interface Watch {
  readonly version: number;
  readonly dataCenter: string;
  readonly answer: (reply: WatchReply) => void;
}

export interface VerdictWatchesOptions {
  pool: string;
  now: Clock;
  timers: Timers;
  /** See `Pacer.hasRoom`. */
  hasRoom: () => boolean;
}

export class VerdictWatches {
  readonly #options: VerdictWatchesOptions;
  readonly #waiting = new Set<Watch>();
  /** By data centre: until then an isolate watches, or was asked to. In ms since the epoch. */
  readonly #takenMs = new Map<string, number>();
  #snapshot: PoolSnapshot | null = null;
  /** Of the snapshot, as JSON; null: nobody has needed it. */
  #note: string | null = null;
  /** From when the next isolate may be asked to begin. */
  #nextMs = 0;

  constructor(options: VerdictWatchesOptions) {
    this.#options = options;
  }

  /**
   * An isolate has reported.
   * @param paceMs after how long it is to come back
   * @returns it is asked to watch after so many ms; null: it is not
   */
  offer(dataCenter: string | undefined, paceMs: number): number | null {
    if (dataCenter === undefined || paceMs <= WATCHED_PACE_MS || this.#isTaken(dataCenter)) return null;
    return this.#aheadMs(this.#nextMs) > MOST_AHEAD_MS ? null : this.#ask(dataCenter);
  }

  /**
   * Resolves with the next verdict, or with nothing when it has taken too long; at once if another version than the newest
   * is known there.
   */
  async watch({ data_center: dataCenter, version }: WatchRequest): Promise<WatchReply> {
    if (this.#snapshot === null) return NOTHING;
    const { now, timers } = this.#options;
    if (this.#snapshot.version > version) {
      return { note: this.#noteOf(this.#snapshot), watch_after_ms: this.#ask(dataCenter) };
    }
    if (this.#snapshot.version < version) {
      // A false note is there. Where it comes back nobody is to call for that again and again.
      this.#takenMs.set(dataCenter, now() + OFFER_MS);
      return { note: this.#noteOf(this.#snapshot), watch_after_ms: null };
    }
    this.#takenMs.set(dataCenter, now() + LONGEST_WATCH_MS - OVERLAP_MS);
    return await new Promise((resolve) => {
      const answer = (reply: WatchReply): void => {
        this.#waiting.delete(watch);
        timers.clear(timer);
        resolve(reply);
      };
      const timer = timers.set(() => answer(this.#nothing(dataCenter)), LONGEST_WATCH_MS);
      const watch: Watch = { version, dataCenter, answer };
      this.#waiting.add(watch);
    });
  }

  /** @param snapshot null: the pool has no usable configuration */
  adopt(snapshot: PoolSnapshot | null): void {
    this.#snapshot = snapshot;
    this.#note = null;
    // Where one takes over from another both are told, and one is asked again.
    const asked = new Set<string>();
    for (const { version, dataCenter, answer } of this.#waiting) {
      if (snapshot === null) answer(NOTHING);
      else if (snapshot.version > version) {
        const watch_after_ms = asked.has(dataCenter) ? null : this.#ask(dataCenter);
        asked.add(dataCenter);
        answer({ note: this.#noteOf(snapshot), watch_after_ms });
      }
    }
  }

  /** To one that has watched for as long as it may. */
  #nothing(dataCenter: string): WatchReply {
    return this.#isTaken(dataCenter) ? NOTHING : { ...NOTHING, watch_after_ms: this.#ask(dataCenter) };
  }

  /** @returns after how many ms an isolate of that data centre is to begin; null: there is no room for its call */
  #ask(dataCenter: string): number | null {
    const { now, hasRoom } = this.#options;
    if (!hasRoom()) return null;
    const afterMs = this.#aheadMs(this.#nextMs);
    const atMs = now() + afterMs;
    this.#nextMs = atMs + 1_000 / OFFERS_PER_SECOND;
    this.#takenMs.set(dataCenter, atMs + OFFER_MS);
    return Math.ceil(afterMs);
  }

  #isTaken(dataCenter: string): boolean {
    return this.#aheadMs(this.#takenMs.get(dataCenter) ?? 0) > 0;
  }

  /** Milliseconds until then; 0: it is over. */
  #aheadMs(atMs: number): number {
    return Math.max(0, atMs - this.#options.now());
  }

  #noteOf({ version, config, origins }: PoolSnapshot): string {
    if (this.#note === null) {
      const states = new Map(Object.entries(origins));
      const note = noteOf({ version, config, states }, shapeOf(this.#options.pool, config));
      this.#note = JSON.stringify(note);
    }
    return this.#note;
  }
}
