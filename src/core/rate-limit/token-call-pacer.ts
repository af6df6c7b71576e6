/**
 * Spaces out the calls of isolates that found no token: one after the other, so that any number of isolates together
 * stays within the calls that the pool's object can still answer.
 * @module
 */
import { evenPoint } from "./even-points.ts";

/** The span of time over which calls are counted. */
export const CALL_SPAN_MS = 5_000;
/** Calls in such a span, of all kinds but the first ones of cold isolates, that keep the object under 200 a second. */
const MOST_CALLS = 900;
/** Bounds of the calls for tokens among them, per second. */
export const FEWEST_TOKEN_CALLS = 50;
const MOST_TOKEN_CALLS = 150;

/**
 * So many isolates may call as soon as they find no token, if they have not called lately. All of them may do so at one
 * moment; what they call too much is made up for within the span.
 */
const MOST_FREE_CALLERS = 200;
/** Beyond that, slots a second for those that have not called, beside those of the queue. */
const FIRST_SLOTS = 10;
/** Length of a slot in ms. Short, because all isolates whose slots overlap may call at one moment. */
const SLOT_MS = 2_000;

/** Most calls for tokens that are remembered, and most slots. */
const REMEMBERED = perSpan(MOST_TOKEN_CALLS);

/** When an isolate may call for tokens. */
export interface CallSlot {
  /** Counted from now; 0: at once. */
  waitMs: number;
  /** Length of the slot; null: at any time after. */
  forMs: number | null;
}

/** The last times of something, in a ring. */
class LastTimes {
  readonly #timesMs = new Float64Array(REMEMBERED).fill(Number.NEGATIVE_INFINITY);
  #count = 0;

  /** @param atMs no sooner than the one before */
  add(atMs: number): void {
    this.#timesMs[this.#count++ % REMEMBERED] = atMs;
  }

  /** @param back 1: the last one */
  at(back: number): number {
    return this.#timesMs[(this.#count + REMEMBERED - back) % REMEMBERED] ?? 0;
  }

  /** How many are later than that. */
  after(atMs: number): number {
    let count = 0;
    while (count < REMEMBERED && this.at(count + 1) > atMs) count++;
    return count;
  }
}

export class TokenCallPacer {
  /** The last time that was given out. */
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #calls = new LastTimes();
  readonly #slots = new LastTimes();
  #firstSlots = 0;

  /** The next slots are not before this time, because until then there will be no token. */
  begin(atMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, atMs);
  }

  /**
   * The next slot of an isolate that has just called. In any span calls and slots are together at most what other calls
   * leave of it; what is left of a span is spread evenly over what is left of its time, or slots would come in bursts.
   * @param otherCalls of the last `CALL_SPAN_MS`; in a crowd they do not matter
   */
  nextSlot(isolates: number, otherCalls: number, nowMs: number): CallSlot {
    const isCrowd = isolates > MOST_FREE_CALLERS;
    // In a crowd slots are given out for long ahead, when all that is planned will come: 120 syncs a second, and first
    // slots, which leave no more than the fewest calls for tokens.
    const left = isCrowd ? 0 : MOST_CALLS - otherCalls;
    const room = Math.min(Math.max(left, perSpan(FEWEST_TOKEN_CALLS)), perSpan(MOST_TOKEN_CALLS));
    this.#calls.add(nowMs);
    this.#lastMs = Math.max(nowMs, this.#lastMs + this.#spacingMs(room, nowMs));
    this.#slots.add(this.#lastMs);
    return { waitMs: Math.ceil(this.#lastMs - nowMs), forMs: isCrowd ? SLOT_MS : null };
  }

  /** Of the last span. */
  callsPerSecond(nowMs: number): number {
    return this.#calls.after(nowMs - CALL_SPAN_MS) / perSpan(1);
  }

  #spacingMs(room: number, nowMs: number): number {
    const planned = this.#slots.after(nowMs);
    const fromMs = Math.max(nowMs, this.#lastMs);
    let spacingMs = CALL_SPAN_MS / room;
    // Each call begins a span.
    for (let calls = 1; calls <= REMEMBERED; calls++) {
      const leftMs = this.#calls.at(calls) + CALL_SPAN_MS - fromMs;
      if (leftMs <= 0) break;
      spacingMs = Math.max(spacingMs, leftMs / Math.max(1, room - planned - calls + 1));
    }
    return spacingMs;
  }

  /**
   * A slot for an isolate that has not called, since a crowd of them may run out of tokens at the same moment. These
   * slots are spread evenly over the time in which all isolates can have one.
   */
  firstSlot(isolates: number): CallSlot {
    if (isolates <= MOST_FREE_CALLERS) return { waitMs: 0, forMs: null };
    const position = evenPoint(++this.#firstSlots);
    return { waitMs: Math.ceil((position * isolates * 1_000) / FIRST_SLOTS), forMs: SLOT_MS };
  }
}

/** Calls for tokens that an object can answer in a second beside so many syncs. */
export function tokenCallsPerSecond(syncs: number): number {
  const left = MOST_CALLS / perSpan(1) - syncs;
  return Math.min(Math.max(left, FEWEST_TOKEN_CALLS), MOST_TOKEN_CALLS);
}

function perSpan(perSecond: number): number {
  return (perSecond * CALL_SPAN_MS) / 1_000;
}
