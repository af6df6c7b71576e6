/**
 * What requests need of isolates in which nothing else happens, in columns by the isolate's number: the picks that it made
 * in advance, and the requests that it was not told of yet. So a request touches a few numbers that lie side by side, and
 * not the isolate itself, whose parts lie far apart: 100,000 of them fit in no cache.
 * @module
 */
import { grown, type RequestTable } from "./request-table.ts";

/** Most picks that an isolate makes in advance. */
export const MOST_AHEAD = 16;
const NONE = -1;
const FIRST_SIZE = 64;

export class QuietIsolates {
  readonly #requests: RequestTable;
  regions = new Uint16Array(FIRST_SIZE);
  /** Before this time it has nothing to do but its requests; in ms. */
  #untilMs = new Float64Array(FIRST_SIZE);
  /** Origins picked in advance, the next one last; and how many are left. */
  #ahead = new Uint16Array(FIRST_SIZE * MOST_AHEAD);
  #left = new Uint8Array(FIRST_SIZE);
  /** Requests that it was not told of: the first and the last. */
  #firsts = new Int32Array(FIRST_SIZE);
  #lasts = new Int32Array(FIRST_SIZE);

  constructor(requests: RequestTable) {
    this.#requests = requests;
  }

  /** An isolate has its first request. @param isolate its number */
  add(isolate: number, region: number): void {
    while (isolate >= this.regions.length) this.#grow();
    this.regions[isolate] = region;
    this.#untilMs[isolate] = Number.NEGATIVE_INFINITY;
    this.#left[isolate] = 0;
    this.#firsts[isolate] = NONE;
    this.#lasts[isolate] = NONE;
  }

  /** Nothing but requests will happen in an isolate for a while. @param picks the origins of the next ones, in order */
  rest(isolate: number, picks: readonly number[], untilMs: number): void {
    this.#untilMs[isolate] = untilMs;
    this.#left[isolate] = picks.length;
    for (const [index, origin] of picks.entries())
      this.#ahead[isolate * MOST_AHEAD + picks.length - 1 - index] = origin;
  }

  /** The next pick that was made in advance; null: there is none, or it is not valid any more. */
  next(isolate: number, nowMs: number): number | null {
    const left = this.#left[isolate] ?? 0;
    if (left === 0 || nowMs >= (this.#untilMs[isolate] ?? 0)) return null;
    this.#left[isolate] = left - 1;
    return this.#ahead[isolate * MOST_AHEAD + left - 1] ?? null;
  }

  /** The isolate is to be told of a request. */
  note(request: number): void {
    const { nexts, isolates } = this.#requests;
    const isolate = isolates[request] ?? 0;
    const last = this.#lasts[isolate] ?? NONE;
    if (last === NONE) this.#firsts[isolate] = request;
    else nexts[last] = request;
    this.#lasts[isolate] = request;
  }

  /** Something else happens in an isolate. @returns requests that it must be told of before, in the order they came in */
  wake(isolate: number): number[] {
    this.#left[isolate] = 0;
    const noted: number[] = [];
    const { nexts } = this.#requests;
    for (let request = this.#firsts[isolate] ?? NONE; request !== NONE; request = nexts[request] ?? NONE)
      noted.push(request);
    this.#firsts[isolate] = NONE;
    this.#lasts[isolate] = NONE;
    return noted;
  }

  #grow(): void {
    const size = 2 * this.regions.length;
    this.regions = grown(this.regions, new Uint16Array(size));
    this.#untilMs = grown(this.#untilMs, new Float64Array(size));
    this.#ahead = grown(this.#ahead, new Uint16Array(size * MOST_AHEAD));
    this.#left = grown(this.#left, new Uint8Array(size));
    this.#firsts = grown(this.#firsts, new Int32Array(size));
    this.#lasts = grown(this.#lasts, new Int32Array(size));
  }
}
