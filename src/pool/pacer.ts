/**
 * When isolates are to come back, so that the object's own load stays bounded however many of them there are.
 *
 * Each answered sync is given a place in one queue of evenly spaced times. So the calls that are planned never come
 * faster than the queue's spacing, nor in a crowd, even after all isolates began at once. What was not planned, such
 * as the first sync of a cold isolate, cannot be put off; the spacing makes room for as much of it as there lately was.
 * @module
 */
import { AskQueue, type AskTurn, FEWEST_ASKS } from "../core/ask-queue.ts";
import type { PoolStore } from "./store.ts";

/** How often a busy isolate comes back: with a way of 100 ms a change is in force there within a second. */
export const SYNC_INTERVAL_MS = 900;
/** Calls per second the object allows itself, well under its ceiling of 500 to 1,000 (PLATFORM: Durable Objects). */
export const MOST_CALLS_PER_SECOND = 200;
/** Of these so many are given out; the rest is for the network, which does not keep the spacing. */
const PLANNED_PER_SECOND = 170;
/** However many calls are not planned, so many of the planned ones stay, or nobody would ever hear of a change. */
const FEWEST_PLANNED_PER_SECOND = 50;
/** Where isolates queue, so many of them may call once they have something to say, this often. */
const SCOUTS = 20;
const SCOUT_MS = 1_000;
/** Calls that were not planned are counted over so many seconds... */
const WINDOW_S = 10;
/** ...and in each of these for at most so many: one crowd must not hold up everybody for an hour. */
const MOST_COUNTED = MOST_CALLS_PER_SECOND;
/** The mark reaches this far ahead: two writes a minute, where places are given out further ahead than `CROWDED_MS`. */
const MARK_MS = 30_000;
const CROWDED_MS = 2_000;

/** In SQLite: places up to this time, in ms since the epoch, were given out, also by an earlier life of the object. */
const FACT = "planned_until";

export class Pacer {
  readonly #store: Pick<PoolStore, "fact" | "setFact">;
  /** The last place given out. */
  #plannedMs: number;
  #markMs: number;
  readonly #inheritedUntilMs: number;
  readonly #asks = new AskQueue();
  /** Counts up to the next scout. */
  #heard = 0;
  /** Calls that were not planned, by second; the oldest makes room for the newest. */
  readonly #unplanned = new Array<number>(WINDOW_S).fill(0);
  #second: number;

  constructor(store: Pick<PoolStore, "fact" | "setFact">, nowMs: number) {
    this.#store = store;
    // Whom an earlier life of the object sent away comes back at its time, beside those that come now.
    this.#markMs = store.fact(FACT, 0);
    this.#plannedMs = this.#markMs;
    this.#inheritedUntilMs = this.#markMs;
    this.#second = Math.floor(nowMs / 1_000);
  }

  /** Isolates of this pool may call for tokens: room for that is left. Their calls are no other's. */
  mayBeAsked = false;

  /**
   * Milliseconds after which the isolate that has just called is to call again.
   * @param isPlanned it came when it was told to
   */
  next(isPlanned: boolean, nowMs: number): number {
    // Who is not known, but comes from an earlier life, was planned then.
    if (!isPlanned && nowMs >= this.#inheritedUntilMs) this.unplanned(nowMs);
    const spacingMs = 1_000 / this.#plannedPerSecond(nowMs);
    this.#plannedMs = Math.max(nowMs + SYNC_INTERVAL_MS, this.#plannedMs + spacingMs);
    if (this.#plannedMs > this.#markMs && this.#plannedMs > nowMs + CROWDED_MS) {
      this.#markMs = this.#plannedMs + MARK_MS;
      this.#store.setFact(FACT, this.#markMs);
    }
    return Math.ceil(this.#plannedMs - nowMs);
  }

  /**
   * Milliseconds after which an isolate may call for reasons of its own, so that `isolates` of them may do so. Where
   * there is a queue, not before its place there: a failure all of them see would else release all at once who came
   * when the queue was longer than it is now. A few may all the same, or nobody would hear of a failure for long.
   * @param paceMs when it is to call in any case
   */
  earliest(isolates: number, paceMs: number): number {
    if (paceMs > SYNC_INTERVAL_MS) {
      this.#heard = (this.#heard + 1) % Math.ceil(isolates / SCOUTS);
      return this.#heard === 0 ? Math.min(SCOUT_MS, paceMs) : paceMs;
    }
    return Math.min(Math.ceil((isolates * 1_000) / PLANNED_PER_SECOND), paceMs);
  }

  /** A call came that was not planned; calls for tokens aside. */
  unplanned(nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#second % WINDOW_S;
    this.#unplanned[place] = Math.min((this.#unplanned[place] ?? 0) + 1, MOST_COUNTED);
  }

  /** One of so many isolates has called for tokens: when it may again, of whatever origin. */
  nextAsk(isolates: number, nowMs: number): AskTurn {
    return this.#asks.again(isolates, syncsPerSecond(isolates), nowMs);
  }

  /** When one of so many isolates may call for tokens that has not done so lately. */
  firstAsk(isolates: number): AskTurn {
    return this.#asks.first(isolates, syncsPerSecond(isolates));
  }

  #plannedPerSecond(nowMs: number): number {
    this.#advance(nowMs);
    const unplanned = this.#unplanned.reduce((sum, count) => sum + count, 0) / WINDOW_S;
    const asks = this.mayBeAsked ? FEWEST_ASKS : 0;
    return Math.max(FEWEST_PLANNED_PER_SECOND, PLANNED_PER_SECOND - asks - unplanned);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    for (let gone = Math.max(this.#second + 1, second - WINDOW_S + 1); gone <= second; gone++) {
      this.#unplanned[gone % WINDOW_S] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}

function syncsPerSecond(isolates: number): number {
  return Math.min(PLANNED_PER_SECOND - FEWEST_ASKS, (isolates * 1_000) / SYNC_INTERVAL_MS);
}
