/**
 * Decides when an isolate calls the pool's object, and applies the answer or the failure. It only decides: time is an
 * argument, and nothing here waits or calls. `pool-sync.ts` does that, or a simulation. The reports: `sync-reports.ts`.
 * @module
 */
import type { SyncReply, SyncReport } from "../../contract/sync.ts";
import { CallBackoff } from "../../core/retry/backoff.ts";
import { type Random, systemRandom } from "../../core/system.ts";
import type { ObjectFailure } from "../../platform/object-answer.ts";
import { elapsedMs, isAhead } from "../model/elapsed.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import { OBJECT_BACKOFF } from "./object-backoff.ts";
import { SyncReports } from "./sync-reports.ts";

/** Longest a request waits for the object before it goes on from what is there. */
export const FIRST_SYNC_WAIT_MS = 250;
/** A call not answered by then has failed. */
export const CALL_TIMEOUT_MS = 3_000;
/** A call that has not even failed by then was lost with the request that made it. */
const LOST_CALL_MS = 5_000;
/** How often a request in the background checks whether it is time to report. */
export const LONG_POLL_MS = 50;
/** Failures are reported before the pace, but not more often than this. */
const URGENT_REPORT_INTERVAL_MS = 200;
/** Pace assumed before the object has named one. */
export const INITIAL_PACE_MS = 1_000;
/** At a longer pace changes take longer than a second, so that isolates tell one another. */
const CROWDED_PACE_MS = 1_500;
/**
 * A snapshot older than the pace and this has missed a sync: there was no request for that long. Busy isolates call at
 * the pace and are spared, however long the object takes to answer.
 */
export const STALE_MS = 250;
/** So soon after the object was to be left alone, a call in the background finds out whether it is back. */
const PROBATION_MS = 1_000;
/** How long a pool that neither the object nor KV has is taken not to exist, before they are asked again. */
const MISSING_MS = 1_000;
/**
 * A scheduled report is made after this time at the latest, because the platform ends work after an answer in 30 s
 * (docs/platform.md, waitUntil).
 */
export const LONGEST_SCHEDULE_MS = 25_000;
/** The call that was postponed must come within the time that its request has. */
const LONGEST_POSTPONEMENT_MS = 20_000;
/** A request that ends so much later than the one in whose background something goes on takes it over: it has more time left. */
export const RENEWED_AFTER_MS = 10_000;

/** A call for fresh knowledge that requests wait for, and until when. */
interface Wait {
  callStartedMs: number;
  untilMs: number;
}

export class SyncState {
  readonly #pool: EdgePool;
  readonly #reports: SyncReports;
  readonly #backoff: CallBackoff;
  #callStartedMs = Number.NEGATIVE_INFINITY;
  #wait: Wait | null = null;
  /** When the last answered report was sent: the isolate's snapshot is as fresh as that. */
  #freshAsOfMs = Number.NEGATIVE_INFINITY;
  #paceMs = INITIAL_PACE_MS;
  /** No call for the isolate's own reasons before that long after the last. */
  #earlyMs = 0;
  #missingUntilMs = Number.NEGATIVE_INFINITY;
  /** When a report was scheduled that needs no later request. */
  #scheduledMs = Number.NEGATIVE_INFINITY;
  /** When the request that keeps the schedule began to. */
  #holderMs = Number.NEGATIVE_INFINITY;
  /** Until this time the isolate uses the pool's status and makes no call. */
  #postponedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(pool: EdgePool, isolate: string, random: Random = systemRandom) {
    this.#pool = pool;
    this.#reports = new SyncReports(pool, isolate);
    this.#backoff = new CallBackoff({ ...OBJECT_BACKOFF, random });
  }

  /**
   * True if a request should wait for fresh knowledge, though not for long: the isolate is cold, or was idle while
   * something may have changed. While the object does not answer, no request waits.
   */
  isStale(nowMs: number): boolean {
    if (this.#pool.activePool === null) return !isAhead(this.#missingUntilMs, nowMs, MISSING_MS);
    if (elapsedMs(this.#freshAsOfMs, nowMs) <= this.#paceMs + STALE_MS || this.#isPostponed(nowMs))
      return false;
    this.#backoff.watchClock(nowMs);
    if (nowMs < this.#backoff.untilMs + PROBATION_MS) return false;
    return !this.isCalling(nowMs) || this.isWaitedFor(nowMs);
  }

  /** True if it is time to talk: the pace, half of the lease spent, or a failure to report. */
  isDue(nowMs: number): boolean {
    if (!this.mayCall(nowMs)) return false;
    const sinceMs = elapsedMs(this.#freshAsOfMs, nowMs);
    if (sinceMs >= this.#paceMs) return true;
    const hasUrgentReport = this.#pool.hasUrgentReport && sinceMs >= URGENT_REPORT_INTERVAL_MS;
    return sinceMs >= this.#earlyMs && (hasUrgentReport || this.#pool.cursor.isLow);
  }

  /** False while a call is under way, and while the object is left alone. */
  mayCall(nowMs: number): boolean {
    this.#backoff.watchClock(nowMs);
    return nowMs >= this.#backoff.untilMs && !this.isCalling(nowMs) && !this.#isPostponed(nowMs);
  }

  isCalling(nowMs: number): boolean {
    return elapsedMs(this.#callStartedMs, nowMs) < LOST_CALL_MS;
  }

  /** The call under way is one that requests wait for, and still may. */
  isWaitedFor(nowMs: number): boolean {
    if (this.#wait?.callStartedMs !== this.#callStartedMs) return false;
    return isAhead(this.#wait.untilMs, nowMs, FIRST_SYNC_WAIT_MS);
  }

  /** Requests wait for the call that has just begun. */
  beginWait(nowMs: number): void {
    this.#wait = { callStartedMs: this.#callStartedMs, untilMs: nowMs + FIRST_SYNC_WAIT_MS };
  }

  /** Delays the first call by this time in ms, at most 20 s; otherwise a crowd would call at once. */
  postpone(nowMs: number, delayMs: number): void {
    this.#postponedUntilMs = nowMs + Math.min(delayMs, LONGEST_POSTPONEMENT_MS);
  }

  #isPostponed(nowMs: number): boolean {
    return isAhead(this.#postponedUntilMs, nowMs, LONGEST_POSTPONEMENT_MS);
  }

  /** So many isolates work for the pool that the object's changes reach them slowly. */
  get isCrowded(): boolean {
    return this.#paceMs > CROWDED_PACE_MS;
  }

  /** The object has answered this isolate, once at least. */
  get hasAnswered(): boolean {
    return this.#freshAsOfMs > Number.NEGATIVE_INFINITY;
  }

  /** The object has been called, whether it answered or not. */
  get hasCalled(): boolean {
    return this.#reports.hasMade;
  }

  /** Neither the object nor KV has the pool. */
  missing(nowMs: number): void {
    this.#missingUntilMs = nowMs + MISSING_MS;
  }

  /** True if no report of what has just happened is scheduled yet. */
  needsReport(nowMs: number): boolean {
    if (elapsedMs(this.#scheduledMs, nowMs) >= this.#paceMs + LOST_CALL_MS) return true;
    return elapsedMs(this.#holderMs, nowMs) >= RENEWED_AFTER_MS;
  }

  /**
   * A report will be made within a pace. One scheduled report serves all requests of that time.
   * @param holderMs when the request that schedules it first did so: it is not kept alive for ever
   */
  scheduleReport(nowMs: number, holderMs = nowMs): void {
    this.#scheduledMs = nowMs;
    this.#holderMs = holderMs;
  }

  /** False once a call has begun since, which reported it, or a later report was scheduled. */
  isScheduled(scheduledMs: number): boolean {
    return this.#scheduledMs === scheduledMs;
  }

  /** True if the scheduled report must be made now: it is due, or there will be no other time. */
  mustReport(nowMs: number): boolean {
    if (this.isDue(nowMs)) return true;
    return elapsedMs(this.#scheduledMs, nowMs) >= LONGEST_SCHEDULE_MS && this.mayCall(nowMs);
  }

  /** How long to wait before looking again whether the scheduled report must be made. */
  waitMs(nowMs: number): number {
    // A call under way has left with its report; later ends wait for the next one.
    const dueMs = Math.min(this.#freshAsOfMs + this.#paceMs, this.#scheduledMs + LONGEST_SCHEDULE_MS);
    const waitMs = Math.max(dueMs, this.#backoff.untilMs, this.#postponedUntilMs) - nowMs;
    return Math.min(Math.max(LONG_POLL_MS, waitMs), LONGEST_SCHEDULE_MS);
  }

  /** Connections were reported as open, so their end must be reported too: another report is needed. */
  get hasReportedOpen(): boolean {
    return this.#reports.reportedOpen > 0;
  }

  /** Another report is needed, though no request comes: open connections may end, and an idle share is given up. */
  mustFollowUp(nowMs: number): boolean {
    return this.hasReportedOpen || this.#pool.rates.mayRelease(nowMs);
  }

  /** Begins a call and returns its report. */
  begin(nowMs: number, isAwaited = false): SyncReport {
    this.#callStartedMs = nowMs;
    // Ends from here on are not in this report and need another one.
    this.#scheduledMs = Number.NEGATIVE_INFINITY;
    this.#pool.hasUrgentReport = false;
    return this.#reports.make(nowMs, this.#paceMs, isAwaited);
  }

  /** The object answered the report that was sent at `startedMs`. */
  answered(report: SyncReport, reply: SyncReply, startedMs: number, nowMs: number): void {
    this.#ended(startedMs);
    this.#backoff.answered();
    this.#missingUntilMs = Number.NEGATIVE_INFINITY;
    this.#freshAsOfMs = startedMs;
    this.#paceMs = reply.next_sync_ms;
    this.#earlyMs = reply.early_sync_ms ?? 0;
    this.#reports.answered(report);
    this.#pool.rates.rtt.observe(Math.max(0, nowMs - startedMs));
    this.#pool.apply(reply, startedMs);
  }

  /**
   * The call failed. Fail static: the last snapshot stays in use, and the object is left alone for a while, never for
   * less than its pace.
   * @returns for how long, in ms
   */
  failed(startedMs: number, nowMs: number, failure: ObjectFailure): number {
    this.#ended(startedMs);
    this.#pool.failedCalls++;
    this.#pool.rates.unanswered(nowMs, failure);
    return this.#backoff.failed(nowMs, failure === "overloaded", this.#paceMs);
  }

  /** A call that was taken for lost may end after a later one has begun. */
  #ended(startedMs: number): void {
    if (this.#callStartedMs === startedMs) this.#callStartedMs = Number.NEGATIVE_INFINITY;
  }
}
