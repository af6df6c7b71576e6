/**
 * Simulates any number of isolates that call a pool's object at its pace, over a network with delays, on a virtual
 * clock. The object's decisions are the real ones.
 */
import type { SyncReply } from "../../src/contract/sync.ts";
import type { WatchReply } from "../../src/contract/verdict-watch.ts";
import type { VirtualObject } from "./virtual-object.ts";

export interface CrowdOptions {
  random: () => number;
  /** One way, in ms, uniform. */
  delayMs?: [number, number];
  /** Each calls as early as it may: it always has an urgent report, or a lease that is low. */
  isEager?: boolean;
  /** Each asks for tokens of this origin as often as it may. */
  asksFor?: string;
}

/** Isolates are spread over so many data centres, of each of which one watches. */
const DATA_CENTERS = 100;

interface Member {
  readonly id: string;
  readonly dataCenter: string;
  alive: boolean;
  sequence: number;
  version: number;
  /** When its last call arrived; null: it has not called. */
  calledMs: number | null;
}

export class Crowd {
  readonly object: VirtualObject;
  readonly #options: Required<Omit<CrowdOptions, "asksFor">> & Pick<CrowdOptions, "asksFor">;
  readonly #queue = new EventQueue();
  readonly members: Member[] = [];
  /** Calls that arrived, by second since the start. */
  readonly calls: number[] = [];
  /** Longest time between two calls of one isolate, in ms. */
  longestPaceMs = 0;
  /** The last answer anyone got. */
  lastReply: SyncReply | null = null;
  readonly #startMs: number;
  /** Calls that waited for a verdict. */
  watches = 0;
  /** Of a note or a snapshot, by data centre. */
  readonly #newest = new Map<string, number>();
  /** A watch may have been answered, which its isolate has not heard yet. */
  #isAnswered = false;

  constructor(object: VirtualObject, options: CrowdOptions) {
    this.object = object;
    this.#startMs = object.nowMs;
    this.#options = { delayMs: [5, 80], isEager: false, ...options };
    object.timers = {
      set: (callback, delayMs) => {
        const timer = { callback };
        this.#queue.at(object.nowMs + delayMs, () => this.#fire(timer));
        return timer;
      },
      clear: (timer) => {
        (timer as Timer).callback = null;
      },
    };
  }

  /** Isolates are born, spread over the next `overMs`. */
  grow(count: number, overMs: number): void {
    for (let i = 0; i < count; i++) {
      const number = this.members.length;
      const [id, dataCenter] = [`i${number}`, `${number % DATA_CENTERS}`];
      const member = { id, dataCenter, alive: true, sequence: 0, version: 0, calledMs: null };
      this.members.push(member);
      this.#queue.at(this.object.nowMs + this.#options.random() * overMs, () => this.#send(member));
    }
  }

  async run(forMs: number): Promise<void> {
    const untilMs = this.object.nowMs + forMs;
    await settled();
    for (let next = this.#queue.next(untilMs); next !== null; next = this.#queue.next(untilMs)) {
      this.object.nowMs = Math.max(this.object.nowMs, Math.ceil(next.atMs));
      next.act();
      if (!this.#isAnswered) continue;
      this.#isAnswered = false;
      await settled();
    }
    this.object.nowMs = untilMs;
  }

  /** Most calls in any second from `fromS` on. */
  worstSecond(fromS: number): number {
    return this.calls.slice(fromS).reduce((most, count) => Math.max(most, count ?? 0), 0);
  }

  #delay(): number {
    const [least, most] = this.#options.delayMs;
    return least + this.#options.random() * (most - least);
  }

  #send(member: Member): void {
    if (!member.alive) return;
    const sentMs = this.object.nowMs;
    this.#queue.at(sentMs + this.#delay(), () => this.#arrive(member, sentMs));
  }

  #count(): void {
    const second = Math.floor((this.object.nowMs - this.#startMs) / 1_000);
    this.calls[second] = (this.calls[second] ?? 0) + 1;
  }

  #arrive(member: Member, sentMs: number): void {
    const { asksFor, isEager } = this.#options;
    const { nowMs, controller } = this.object;
    this.#count();
    if (member.calledMs !== null) this.longestPaceMs = Math.max(this.longestPaceMs, nowMs - member.calledMs);
    const isFirst = member.calledMs === null;
    member.calledMs = nowMs;
    const reply = controller.sync({
      isolate: member.id,
      sequence: ++member.sequence,
      snapshot: member.version,
      active: { a: 1 },
      origins: {},
      demand: { requests: 2, elapsed_ms: 1_000 },
      cursor: { want: 8, returned: [] },
      data_center: member.dataCenter,
      ...(asksFor === undefined ? {} : { rates: {} }),
    });
    member.version = reply.snapshot?.version ?? member.version;
    this.lastReply = reply;
    this.#asked(member, reply.watch_after_ms ?? null);
    const earlyMs = Math.max(reply.early_sync_ms ?? 0, 1);
    const waitMs = isEager ? Math.min(earlyMs, reply.next_sync_ms) : reply.next_sync_ms;
    // The next request to end notices that it is time.
    const nextMs = Math.max(sentMs + waitMs + this.#options.random() * 20, nowMs + this.#delay());
    this.#queue.at(nextMs, () => this.#send(member));
    if (asksFor !== undefined && isFirst) this.#ask(member, asksFor);
  }

  #fire({ callback }: Timer): void {
    if (callback === null) return;
    this.#isAnswered = true;
    callback();
  }

  /** It has requests all the time, and begins at once. */
  #asked(member: Member, afterMs: number | null): void {
    if (afterMs === null) return;
    this.#queue.at(this.object.nowMs + this.#delay() + afterMs, () => {
      if (member.alive) this.#queue.at(this.object.nowMs + this.#delay(), () => this.#watch(member));
    });
  }

  #watch(member: Member): void {
    const { controller } = this.object;
    const { dataCenter } = member;
    this.#count();
    this.watches++;
    this.#isAnswered = true;
    const version = Math.max(member.version, this.#newest.get(dataCenter) ?? 0);
    const heard = ({ note, watch_after_ms }: WatchReply): void => {
      // One that has started anew answers nobody who had called before.
      if (controller !== this.object.controller) return;
      if (note !== null) this.#newest.set(dataCenter, JSON.parse(note).version);
      this.#asked(member, watch_after_ms);
    };
    void controller.watch({ data_center: dataCenter, version }).then(heard);
  }

  #ask(member: Member, origin: string): void {
    if (!member.alive) return;
    this.#queue.at(this.object.nowMs + this.#delay(), () => {
      this.#count();
      const nothing = { demand: 20, lease: 0, held_ms: 0, share: 0, left_ms: 0 };
      const report = { isolate: member.id, rates: { [origin]: { ...nothing, need: 2, token_ms: 100 } } };
      const waitMs = this.object.controller.acquire(report).rates[origin]?.wait_ms ?? 0;
      this.#queue.at(this.object.nowMs + this.#delay() + waitMs, () => this.#ask(member, origin));
    });
  }
}

interface Timer {
  callback: (() => void) | null;
}

/** Whoever was answered has heard it. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await null;
}

interface Entry {
  atMs: number;
  act: () => void;
}

/** What happens next: a binary heap. */
class EventQueue {
  readonly #heap: Entry[] = [];

  at(atMs: number, act: () => void): void {
    const heap = this.#heap;
    let index = heap.push({ atMs, act }) - 1;
    for (
      let above = (index - 1) >> 1;
      index > 0 && this.#swapIfLater(above, index);
      above = (index - 1) >> 1
    ) {
      index = above;
    }
  }

  /** Takes out the earliest that is due by `untilMs`. */
  next(untilMs: number): Entry | null {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.atMs > untilMs) return null;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const right = left + 1;
      const below = this.#time(right) < this.#time(left) ? right : left;
      if (!this.#swapIfLater(index, below)) return first;
      index = below;
    }
  }

  #time(index: number): number {
    return this.#heap[index]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  #swapIfLater(above: number, below: number): boolean {
    const [upper, lower] = [this.#heap[above], this.#heap[below]];
    if (upper === undefined || lower === undefined || upper.atMs <= lower.atMs) return false;
    this.#heap[above] = lower;
    this.#heap[below] = upper;
    return true;
  }
}
