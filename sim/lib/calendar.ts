/**
 * Events in order of time, made for hundreds of thousands that wait while thousands happen in a second. Those of the
 * present millisecond are kept in order, in a heap; those of the same second by millisecond, and later ones by second, in
 * lists without order. So most events are put in order once, among a few hundred others that lie side by side.
 *
 * Brown, "Calendar queues", CACM 31(10), 1988, with two widths of day in place of one that adapts.
 * @module
 */

/** What happens at an event; an object is for those of which there are millions. */
export type Act = (() => void) | { happen(about: number): void };

/** A second, nearly: a power of two. */
const BLOCK_MS = 1_024;
const NONE = -1;

/** A list of events, by their numbers. */
interface List {
  first: number;
  last: number;
}

export class Calendar {
  /** Each event has a number while it waits; these are its columns. */
  #times = new Float64Array(BLOCK_MS);
  #orders = new Float64Array(BLOCK_MS);
  #abouts = new Int32Array(BLOCK_MS);
  /** The next event in a list; of numbers that are free too. */
  #nexts = new Int32Array(BLOCK_MS);
  readonly #acts: (Act | null)[] = [];
  #firstFree = NONE;
  #used = 0;
  #entered = 0;
  /** A binary heap of the events before the end of the present millisecond. */
  readonly #heap: number[] = [];
  /** The present millisecond, and the second that it is part of. */
  #ms: number;
  #block: number;
  /** By millisecond, in the present second after the present millisecond. */
  readonly #days: readonly List[] = Array.from({ length: BLOCK_MS }, emptyList);
  #inDays = 0;
  /** By number of the second. */
  readonly #later = new Map<number, List>();

  /** @param startMs no event is before it */
  constructor(startMs: number) {
    this.#ms = Math.floor(startMs);
    this.#block = Math.floor(startMs / BLOCK_MS);
  }

  /** @param about is given to an act that is an object */
  add(timeMs: number, act: Act, about: number): void {
    const event = this.#newEvent();
    this.#times[event] = timeMs;
    this.#orders[event] = this.#entered++;
    this.#abouts[event] = about;
    this.#acts[event] = act;
    this.#place(event, timeMs);
  }

  /** The time of the first event; Infinity: there is none. */
  get firstMs(): number {
    if (this.#heap.length === 0 && !this.#advance()) return Number.POSITIVE_INFINITY;
    return this.#times[this.#heap[0] ?? 0] ?? 0;
  }

  /** Takes the first event out and has it happen. There must be one, as `firstMs` says. */
  happen(): void {
    const event = this.#takeFirst();
    const act = this.#acts[event];
    const about = this.#abouts[event] ?? 0;
    this.#acts[event] = null;
    this.#nexts[event] = this.#firstFree;
    this.#firstFree = event;
    if (typeof act === "function") act();
    else act?.happen(about);
  }

  #newEvent(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.#nexts[free] ?? NONE;
      return free;
    }
    if (this.#used === this.#times.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const size = 2 * this.#times.length;
    const [times, orders] = [this.#times, this.#orders];
    const [abouts, nexts] = [this.#abouts, this.#nexts];
    this.#times = new Float64Array(size);
    this.#orders = new Float64Array(size);
    this.#abouts = new Int32Array(size);
    this.#nexts = new Int32Array(size);
    this.#times.set(times);
    this.#orders.set(orders);
    this.#abouts.set(abouts);
    this.#nexts.set(nexts);
  }

  #place(event: number, timeMs: number): void {
    const ms = Math.floor(timeMs);
    if (ms <= this.#ms) {
      this.#push(event);
      return;
    }
    const block = Math.floor(timeMs / BLOCK_MS);
    if (block === this.#block) {
      this.#inDays++;
      this.#append(this.#days[ms - block * BLOCK_MS] ?? emptyList(), event);
      return;
    }
    let list = this.#later.get(block);
    if (list === undefined) {
      list = emptyList();
      this.#later.set(block, list);
    }
    this.#append(list, event);
  }

  #append(list: List, event: number): void {
    this.#nexts[event] = NONE;
    if (list.first === NONE) list.first = event;
    else this.#nexts[list.last] = event;
    list.last = event;
  }

  /** Goes on to the next millisecond that has events. @returns false: there is none */
  #advance(): boolean {
    while (this.#heap.length === 0) {
      if (this.#inDays === 0 && !this.#openNextBlock()) return false;
      while (this.#inDays > 0 && this.#heap.length === 0) {
        this.#ms++;
        const day = this.#days[this.#ms - this.#block * BLOCK_MS];
        if (day !== undefined && day.first !== NONE) this.#inDays -= this.#placeAll(day);
      }
    }
    return true;
  }

  #openNextBlock(): boolean {
    const block = Math.min(...this.#later.keys());
    const list = this.#later.get(block);
    if (list === undefined) return false;
    this.#later.delete(block);
    this.#block = block;
    this.#ms = block * BLOCK_MS - 1;
    this.#placeAll(list);
    return true;
  }

  /** Places events anew, now that less time is left until them. @returns how many they are */
  #placeAll(list: List): number {
    let count = 0;
    for (let event = list.first; event !== NONE; count++) {
      const next = this.#nexts[event] ?? NONE;
      this.#place(event, this.#times[event] ?? 0);
      event = next;
    }
    list.first = NONE;
    return count;
  }

  #push(event: number): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = heap[parent] ?? NONE;
      if (!this.#precedes(event, other)) break;
      heap[place] = other;
      place = parent;
    }
    heap[place] = event;
  }

  #takeFirst(): number {
    const heap = this.#heap;
    const first = heap[0] ?? NONE;
    const last = heap.pop() ?? NONE;
    const size = heap.length;
    if (size === 0) return first;
    let place = 0;
    for (let child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#precedes(heap[child + 1] ?? NONE, heap[child] ?? NONE)) child++;
      const other = heap[child] ?? NONE;
      if (this.#precedes(last, other)) break;
      heap[place] = other;
      place = child;
    }
    heap[place] = last;
    return first;
  }

  /** Of two of the same time the one that was entered first does. */
  #precedes(a: number, b: number): boolean {
    const [timeA, timeB] = [this.#times[a] ?? 0, this.#times[b] ?? 0];
    return timeA < timeB || (timeA === timeB && (this.#orders[a] ?? 0) < (this.#orders[b] ?? 0));
  }
}

function emptyList(): List {
  return { first: NONE, last: NONE };
}
