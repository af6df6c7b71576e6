/**
 * Drains of origins: an operator's, and those of origins that are gone from the configuration.
 * @module
 */
import type { EventSink } from "../events/event-sink.ts";
import { isDrainOver, newDrain, noticedMs } from "./drain.ts";
import type { OriginRecord } from "./origin-record.ts";
import type { OriginRecords } from "./origin-records.ts";

/** How often a drain is looked after without a report: an isolate that fell silent is forgotten by and by. */
const DRAIN_STEP_MS = 5_000;

/** What isolates hold, as far as a drain waits for it. */
export interface OriginConnections {
  /** Live connections of an origin, the world over. */
  active(origin: string): number;
  /** By when all isolates will have called that were sent away until now, in ms since the epoch. */
  readonly calledByMs: number;
  /** See `DrainProgress`. */
  readonly accountedMs: number;
}

export interface OriginDrainsOptions {
  records: OriginRecords;
  now: () => number;
  events: EventSink;
  connections: OriginConnections;
}

export class OriginDrains {
  readonly #options: OriginDrainsOptions;

  constructor(options: OriginDrainsOptions) {
    this.#options = options;
  }

  /**
   * No new picks; its sessions keep reaching it until the pool's `drain_timeout`.
   * @param who name of the operator's token; null: no operator asked for it
   */
  begin(id: string, who: string | null = null): boolean {
    const record = this.#options.records.get(id);
    if (record === undefined || record.drain !== null || record.drained) return false;
    const { now, events, connections } = this.#options;
    const timeoutS = this.#options.records.config?.drain_timeout ?? 0;
    // Read once: an answer gives both the begin of the drain and since when it was asked for.
    const nowMs = now();
    record.drain = newDrain({ nowMs, timeoutMs: timeoutS * 1_000, calledByMs: connections.calledByMs });
    record.drainedBy = { who, sinceMs: nowMs };
    this.#options.records.save(id);
    events.emit("drain_started", { detail: `for at most ${timeoutS} s`, origin: id, atMs: nowMs });
    return true;
  }

  /** Not for one that is being removed: only the configuration brings that back. */
  undo(id: string): boolean {
    const record = this.#options.records.get(id);
    if (record === undefined || record.removing !== null || (record.drain === null && !record.drained))
      return false;
    record.drain = null;
    record.drained = false;
    record.drainedBy = null;
    const nowMs = this.#options.now();
    record.backSinceMs = nowMs;
    this.#options.records.save(id);
    this.#options.events.emit("undrained", { origin: id, atMs: nowMs });
    return true;
  }

  /** Ends a drain that is over. @returns true if it was */
  end(id: string, record: OriginRecord, nowMs: number): boolean {
    if (record.drain === null) return false;
    const { connections, events, records } = this.#options;
    const { accountedMs } = connections;
    const left = connections.active(id);
    const keepsSessions = this.#options.records.config?.sticky != null;
    if (!isDrainOver(record.drain, { nowMs, left, keepsSessions, accountedMs })) return false;
    record.drain = null;
    record.drained = true;
    const detail = left === 0 ? "nothing left" : `time is up, ${left} requests left`;
    events.emit("drained", { detail, origin: id, atMs: nowMs });
    if (record.removing === null) records.save(id);
    else this.remove(id, nowMs);
    return true;
  }

  remove(id: string, nowMs = this.#options.now()): void {
    const { records, events } = this.#options;
    records.delete(id);
    events.emit("removed", { origin: id, atMs: nowMs });
  }

  /** When `end` is next worth calling, in ms since the epoch; Infinity if the origin is not drained. */
  nextLookMs({ drain }: OriginRecord, nowMs: number): number {
    if (drain === null) return Number.POSITIVE_INFINITY;
    const believedMs = Math.max(noticedMs(drain), this.#options.connections.accountedMs);
    return Math.min(drain.deadlineMs, nowMs < believedMs ? believedMs : nowMs + DRAIN_STEP_MS);
  }
}
