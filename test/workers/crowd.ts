/**
 * Simulates any number of isolates that call a pool's object at its pace, over a network with delays, on a virtual
 * clock. The object's decisions are the real ones.
 */
import type { SyncReply } from "../../src/contract/sync.ts";
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

interface Member {
  readonly id: string;
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

  constructor(object: VirtualObject, options: CrowdOptions) {
    this.object = object;
    this.#startMs = object.nowMs;
    this.#options = { delayMs: [5, 80], isEager: false, ...options };
  }

  /** Isolates are born, spread over the next `overMs`. */
  grow(count: number, overMs: number): void {
    for (let i = 0; i < count; i++) {
      const member = { id: `i${this.members.length}`, alive: true, sequence: 0, version: 0, calledMs: null };
      this.members.push(member);
      this.#queue.at(this.object.nowMs + this.#options.random() * overMs, () => this.#send(member));
    }
  }

  run(forMs: number): void {
    const untilMs = this.object.nowMs + forMs;
    for (let next = this.#queue.next(untilMs); next !== null; next = this.#queue.next(untilMs)) {
      this.object.nowMs = Math.max(this.object.nowMs, Math.ceil(next.atMs));
      next.act();
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
      ...(asksFor === undefined ? {} : { rates: {} }),
    });
    member.version = reply.snapshot?.version ?? member.version;
    this.lastReply = reply;
    const earlyMs = Math.max(reply.early_sync_ms ?? 0, 1);
    const waitMs = isEager ? Math.min(earlyMs, reply.next_sync_ms) : reply.next_sync_ms;
    // The next request to end notices that it is time.
    const nextMs = Math.max(sentMs + waitMs + this.#options.random() * 20, nowMs + this.#delay());
    this.#queue.at(nextMs, () => this.#send(member));
    if (asksFor !== undefined && isFirst) this.#ask(member, asksFor);
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
