/**
 * When an isolate is to talk to the pool's object, what it says, and what an answer or a failure changes. Decisions
 * alone: time is an argument and nothing here waits or calls; `pool-sync.ts` does, and a simulation can.
 * @module
 */
import type { OriginReport, SyncReply, SyncReport, UnservedCounts } from "../contract/sync.ts";
import type { CursorRange } from "../core/cursor-lease.ts";
import { type Random, systemRandom } from "../core/system.ts";
import { Backoff } from "./backoff.ts";
import type { EdgePool } from "./edge-pool.ts";

/** Longest a request waits for the object before it goes on from what is there. */
export const FIRST_SYNC_WAIT_MS = 250;
/** A call not answered by then has failed. */
export const CALL_TIMEOUT_MS = 3_000;
/** A call that has not even failed by then was lost with the request that made it. */
const LOST_CALL_MS = 5_000;
/** How often a request that nobody waits for looks whether it is time to report. */
const LONG_POLL_MS = 50;
/** Failures are told of before the pace, but not more often than this. */
const NEWS_INTERVAL_MS = 200;
/** Pace assumed before the object has named one. */
const INITIAL_PACE_MS = 1_000;
/**
 * Knowledge older than the pace and this has missed a sync: there was no request for that long. Busy isolates call
 * at the pace and are spared, however long the object takes to answer.
 */
const STALE_MS = 250;
/** So soon after the object was to be left alone, a call in the background finds out whether it is back. */
const PROBATION_MS = 1_000;
/** How long a pool that neither the object nor KV has is taken not to exist, before they are asked again. */
const MISSING_MS = 1_000;
/** Smallest lease asked for: a few requests of a quiet isolate. */
const SMALLEST_WANT = 8;
/** Leases cover this many paces of the recent demand; asked again at half, nobody runs dry. */
const PACES_PER_LEASE = 2;
/** What is held beyond this many times the need goes back. */
const MOST_PLENTY = 2;
/** Demand is taken over at least this long: five requests in a millisecond are not five thousand a second. */
const SHORTEST_SAMPLE_MS = 100;

/** A report under way: repeated as it is until the object has answered it. */
interface PendingReport {
  sequence: number;
  origins: Record<string, OriginReport>;
  sync_failures: number;
  unserved: UnservedCounts;
  returned: CursorRange[];
}

/** A call for fresh knowledge that requests wait for, and until when. */
interface Awaited {
  callStartedMs: number;
  untilMs: number;
}

export class SyncState {
  readonly #pool: EdgePool;
  readonly #isolate: string;
  readonly #backoff: Backoff;
  #sequence = 0;
  #pending: PendingReport | null = null;
  #callStartedMs = Number.NEGATIVE_INFINITY;
  #awaited: Awaited | null = null;
  /** When the report was sent that was answered last: what the isolate knows is no older. */
  #knownMs = Number.NEGATIVE_INFINITY;
  #paceMs = INITIAL_PACE_MS;
  /** No call for the isolate's own reasons before that long after the last. */
  #earlyMs = 0;
  /** When the last report was made. */
  #reportedMs = Number.NEGATIVE_INFINITY;
  #missingUntilMs = Number.NEGATIVE_INFINITY;
  /** When a report was promised that no later request need come for. */
  #promisedMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string, random: Random = systemRandom) {
    this.#pool = pool;
    this.#isolate = isolate;
    this.#backoff = new Backoff(random);
  }

  /**
   * True if a request should wait for fresh knowledge, though not for long: the isolate is cold, or was idle while
   * something may have changed. While the object does not answer, nobody waits.
   */
  isStale(nowMs: number): boolean {
    if (this.#pool.view === null) return nowMs >= this.#missingUntilMs;
    if (nowMs - this.#knownMs <= this.#paceMs + STALE_MS) return false;
    if (nowMs < this.#backoff.untilMs + PROBATION_MS) return false;
    return !this.isCalling(nowMs) || this.isAwaited(nowMs);
  }

  /** True if it is time to talk: the pace, half of the lease spent, or a failure to tell of. */
  isDue(nowMs: number): boolean {
    if (!this.mayCall(nowMs)) return false;
    const sinceMs = nowMs - this.#knownMs;
    if (sinceMs >= this.#paceMs) return true;
    const hasNews = this.#pool.hasNews && sinceMs >= NEWS_INTERVAL_MS;
    return sinceMs >= this.#earlyMs && (hasNews || this.#pool.cursor.isLow);
  }

  /** False while a call is under way, and while the object is left alone. */
  mayCall(nowMs: number): boolean {
    return nowMs >= this.#backoff.untilMs && !this.isCalling(nowMs);
  }

  isCalling(nowMs: number): boolean {
    return nowMs - this.#callStartedMs < LOST_CALL_MS;
  }

  /** The call under way is one that requests wait for, and still may. */
  isAwaited(nowMs: number): boolean {
    return this.#awaited?.callStartedMs === this.#callStartedMs && nowMs < this.#awaited.untilMs;
  }

  /** Requests wait for the call that has just begun. */
  await(nowMs: number): void {
    this.#awaited = { callStartedMs: this.#callStartedMs, untilMs: nowMs + FIRST_SYNC_WAIT_MS };
  }

  /** Neither the object nor KV has the pool. */
  missing(nowMs: number): void {
    this.#missingUntilMs = nowMs + MISSING_MS;
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
    const dueMs = Math.max(this.#knownMs + this.#paceMs, this.#backoff.untilMs);
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
    this.#backoff.answered();
    this.#missingUntilMs = Number.NEGATIVE_INFINITY;
    this.#knownMs = startedMs;
    this.#paceMs = reply.next_sync_ms;
    this.#earlyMs = reply.early_sync_ms ?? 0;
    if (this.#pending?.sequence === report.sequence) this.#pending = null;
    this.#pool.rates.roundTrip.observe(nowMs - startedMs);
    this.#pool.apply(reply, startedMs);
  }

  /**
   * It did not. Fail static: the last snapshot stays in use, and the object is left alone for a while, never for less
   * than its pace.
   * @returns for how long, in ms
   */
  failed(startedMs: number, nowMs: number, isOverloaded = false): number {
    this.#ended(startedMs);
    this.#pool.failedCalls++;
    this.#pool.rates.unanswered(nowMs, { isOverloaded, isError: nowMs - startedMs < CALL_TIMEOUT_MS });
    return this.#backoff.failed(nowMs, isOverloaded, this.#paceMs);
  }

  /** A call that was taken for lost may end after a later one has begun. */
  #ended(startedMs: number): void {
    if (this.#callStartedMs === startedMs) this.#callStartedMs = Number.NEGATIVE_INFINITY;
  }

  #report(nowMs: number): SyncReport {
    const elapsedMs = Math.min(Math.max(nowMs - this.#reportedMs, SHORTEST_SAMPLE_MS), 60_000);
    const requests = this.#pool.requests;
    const active = this.#activeGauge();
    this.#reportedMs = nowMs;
    this.#pool.requests = 0;
    this.#pool.stay.observe(sum(Object.values(active)), requests, elapsedMs);
    const need = Math.max(SMALLEST_WANT, Math.ceil((requests / elapsedMs) * this.#paceMs * PACES_PER_LEASE));
    this.#pending ??= this.#newReport(need, nowMs);
    const { returned, ...pending } = this.#pending;
    return {
      isolate: this.#isolate,
      ...pending,
      snapshot: this.#pool.view?.version ?? 0,
      active,
      demand: { requests, elapsed_ms: elapsedMs },
      cursor: { want: Math.max(0, need - this.#pool.cursor.remaining), returned },
      rates: this.#pool.rates.reports(nowMs),
      ...this.#strictPicks(),
    };
  }

  #strictPicks(): Pick<SyncReport, "picks"> {
    const { strictPicks, view } = this.#pool;
    const isStrict = strictPicks.size > 0 || view?.config.coordination === "strict";
    return isStrict ? { picks: Object.fromEntries(strictPicks) } : {};
  }

  /** What is held far beyond the need goes back, the rest of it is spent. */
  #newReport(need: number, nowMs: number): PendingReport {
    const { cursor, ledger, failedCalls: sync_failures } = this.#pool;
    this.#pool.failedCalls = 0;
    const unserved = ledger.takeUnserved();
    const returned = cursor.remaining > MOST_PLENTY * need ? cursor.giveBack(need) : [];
    return { sequence: ++this.#sequence, origins: ledger.take(nowMs), sync_failures, unserved, returned };
  }

  #activeGauge(): Record<string, number> {
    const active: Record<string, number> = {};
    for (const server of this.#pool.servers) if (server.own > 0) active[server.id] = server.own;
    return active;
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
