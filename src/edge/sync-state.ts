/**
 * When an isolate is to talk to the pool's object, what it says, and what an answer or a failure changes. Decisions
 * alone: time is an argument and nothing here waits or calls; `pool-sync.ts` does, and a simulation can.
 * @module
 */
import type { OriginReport, SyncReply, SyncReport, UnservedCounts } from "../contract/sync.ts";
import type { EdgePool } from "./edge-pool.ts";

/** Longest a request waits for the object before it goes on from what is there. */
export const FIRST_SYNC_WAIT_MS = 250;
/** How often a request that nobody waits for looks whether it is time to report. */
const LONG_POLL_MS = 50;
/** A call not answered by then was lost with the request that made it. */
const LOST_CALL_MS = 5_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** Failures are told of before the pace, but not more often than this. */
const NEWS_INTERVAL_MS = 200;
/** Pace assumed before the object has named one. */
const INITIAL_PACE_MS = 1_000;
/** Smallest lease asked for: a few requests of a quiet isolate. */
const SMALLEST_WANT = 8;
/** Leases cover this many paces of the recent demand; asked again at half, nobody runs dry. */
const PACES_PER_LEASE = 2;

/** A report under way: repeated as it is until the object has answered it. */
interface PendingReport {
  sequence: number;
  origins: Record<string, OriginReport>;
  sync_failures: number;
  unserved: UnservedCounts;
}

export class SyncState {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  #sequence = 0;
  #pending: PendingReport | null = null;
  #callStartedMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #paceMs = INITIAL_PACE_MS;
  #failures = 0;
  /** Failed calls that no report has told of yet. */
  #untoldFailures = 0;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;
  /** When a report was promised that no later request need come for. */
  #promisedMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string) {
    this.#pool = pool;
    this.#isolate = isolate;
  }

  /** True if the isolate's knowledge is too old to go by: cold, or idle for longer than a busy one ever is. */
  isStale(nowMs: number): boolean {
    if (this.#pool.view === null) return true;
    return nowMs - this.#answeredMs > 2 * this.#paceMs && nowMs >= this.#backoffUntilMs;
  }

  /** True if it is time to talk: the pace, half of the lease spent, or a failure to tell of. */
  isDue(nowMs: number): boolean {
    if (!this.mayCall(nowMs)) return false;
    const sinceMs = nowMs - this.#answeredMs;
    const hasNews = this.#pool.hasNews && sinceMs >= NEWS_INTERVAL_MS;
    return hasNews || this.#pool.cursor.isLow || sinceMs >= this.#paceMs;
  }

  /** False while a call is under way, and while the object is left alone. */
  mayCall(nowMs: number): boolean {
    return nowMs >= this.#backoffUntilMs && !this.isCalling(nowMs);
  }

  isCalling(nowMs: number): boolean {
    return nowMs - this.#callStartedMs < LOST_CALL_MS;
  }

  /** True if nobody has promised yet to report what has just happened. */
  needsPromise(nowMs: number): boolean {
    return nowMs - this.#promisedMs >= this.#paceMs + LOST_CALL_MS;
  }

  /** A report will be made within a pace. One promise serves all requests of that time. */
  promise(nowMs: number): void {
    this.#promisedMs = nowMs;
  }

  /** False once a call has begun since, which told of it, or a later promise was made. */
  isPromised(promisedMs: number): boolean {
    return this.#promisedMs === promisedMs;
  }

  /** How long who has promised a report waits before looking again whether it is due. */
  waitMs(nowMs: number): number {
    // A call under way has left with its report: what ended since waits for the next.
    const dueMs = Math.max(this.#answeredMs + this.#paceMs, this.#backoffUntilMs);
    return Math.max(LONG_POLL_MS, dueMs - nowMs);
  }

  /** A call begins: this is what it says. */
  begin(nowMs: number): SyncReport {
    this.#callStartedMs = nowMs;
    // What ends from here on is not in this report: it needs a promise of its own.
    this.#promisedMs = Number.NEGATIVE_INFINITY;
    this.#pool.hasNews = false;
    return this.#report(nowMs);
  }

  /** The object answered what was sent at `startedMs`. */
  answered(report: SyncReport, reply: SyncReply, startedMs: number, nowMs: number): void {
    this.#ended(startedMs);
    this.#failures = 0;
    this.#backoffUntilMs = Number.NEGATIVE_INFINITY;
    this.#answeredMs = nowMs;
    this.#paceMs = reply.next_sync_ms;
    if (this.#pending?.sequence === report.sequence) this.#pending = null;
    this.#pool.rates.roundTrip.observe(nowMs - startedMs);
    this.#pool.apply(reply, startedMs);
  }

  /**
   * It did not. Fail static: the last snapshot stays in use, and the object is left alone for a while.
   * @returns for how long, in ms
   */
  failed(startedMs: number, nowMs: number): number {
    this.#ended(startedMs);
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures, LONGEST_BACKOFF_MS);
    this.#failures++;
    this.#untoldFailures++;
    this.#backoffUntilMs = nowMs + backoffMs;
    this.#pool.rates.unanswered();
    return backoffMs;
  }

  /** A call that was taken for lost may end after a later one has begun. */
  #ended(startedMs: number): void {
    if (this.#callStartedMs === startedMs) this.#callStartedMs = Number.NEGATIVE_INFINITY;
  }

  #report(nowMs: number): SyncReport {
    this.#pending ??= this.#newReport();
    const elapsedMs = Math.min(Math.max(nowMs - this.#answeredMs, 1), 60_000);
    const requests = this.#pool.requests;
    this.#pool.requests = 0;
    const ahead = Math.ceil((requests / elapsedMs) * this.#paceMs * PACES_PER_LEASE);
    const want = Math.max(SMALLEST_WANT, ahead) - this.#pool.cursor.remaining;
    return {
      isolate: this.#isolate,
      ...this.#pending,
      snapshot: this.#pool.view?.version ?? 0,
      active: this.#activeGauge(),
      demand: { requests, elapsed_ms: elapsedMs },
      cursor: { want: Math.max(0, want), returned: [] },
      rates: this.#pool.rates.reports(nowMs),
    };
  }

  #newReport(): PendingReport {
    const sync_failures = this.#untoldFailures;
    this.#untoldFailures = 0;
    const { ledger } = this.#pool;
    const unserved = ledger.takeUnserved();
    return { sequence: ++this.#sequence, origins: ledger.take(), sync_failures, unserved };
  }

  #activeGauge(): Record<string, number> {
    const active: Record<string, number> = {};
    for (const server of this.#pool.servers) if (server.own > 0) active[server.id] = server.own;
    return active;
  }
}
