/**
 * An isolate of the edge on a virtual clock: the real pool and the real decisions about syncs, a network with delays,
 * and requests that only take a position of the cursor.
 */
import type { SyncReply } from "../../src/contract/sync.ts";
import { EdgePool } from "../../src/edge/pool/edge-pool.ts";
import { CALL_TIMEOUT_MS, SyncState } from "../../src/edge/sync/sync-state.ts";
import type { VirtualObject } from "./virtual-object.ts";

/** One way, in ms. */
const DELAY_MS = 40;

interface Message {
  atMs: number;
  deliver: () => void;
}

export class VirtualIsolate {
  readonly pool: EdgePool;
  readonly sync: SyncState;
  readonly object: VirtualObject;
  /** Positions taken, in order. */
  readonly positions: number[] = [];
  /** Picks by origin. */
  readonly picks = new Map<string, number>();
  calls = 0;
  /** Requests that found the lease spent. */
  beyondLease = 0;
  /** Answers and messages are lost. */
  isCutOff = false;
  #messages: Message[] = [];

  constructor(object: VirtualObject, name: string, random: () => number) {
    this.object = object;
    this.pool = new EdgePool("virtual", random, () => object.nowMs);
    this.sync = new SyncState(this.pool, name, random);
    const { cursor } = this.pool;
    const next = cursor.next.bind(cursor);
    cursor.next = () => {
      const position = next();
      this.positions.push(position);
      return position;
    };
  }

  /** What the network brings by now. */
  deliver(): void {
    const due = this.#messages.filter(({ atMs }) => atMs <= this.object.nowMs);
    this.#messages = this.#messages.filter(({ atMs }) => atMs > this.object.nowMs);
    for (const { deliver } of due) deliver();
  }

  /**
   * One request, begun and over. One that waits for the object is answered at once here: for how long it waits is the
   * shell's matter.
   * @returns the origin it went to
   */
  request(): string | null {
    if (this.sync.isStale(this.object.nowMs)) this.#call(0);
    this.pool.requests++;
    if (this.pool.cursor.remaining === 0) this.beyondLease++;
    const server = this.pool.activePool?.balancer.decide({} as never)?.server;
    if (server !== undefined) this.picks.set(server.id, (this.picks.get(server.id) ?? 0) + 1);
    if (this.sync.isDue(this.object.nowMs)) this.#call(DELAY_MS);
    return server?.id ?? null;
  }

  #call(delayMs: number): void {
    const startedMs = this.object.nowMs;
    const report = this.sync.begin(startedMs);
    this.calls++;
    const answered = (reply: SyncReply) => this.sync.answered(report, reply, startedMs, this.object.nowMs);
    if (delayMs === 0) answered(this.object.controller.sync(report));
    else if (this.isCutOff) {
      this.#in(CALL_TIMEOUT_MS, () => this.sync.failed(startedMs, this.object.nowMs, "timeout"));
    } else {
      this.#in(delayMs, () => {
        const reply = this.object.controller.sync(report);
        this.#in(delayMs, () => answered(reply));
      });
    }
  }

  #in(delayMs: number, deliver: () => void): void {
    this.#messages.push({ atMs: this.object.nowMs + delayMs, deliver });
  }
}
