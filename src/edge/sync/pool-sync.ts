/**
 * Connects an isolate to the pool's object: it waits and calls; `sync-state.ts` decides. A request waits only if the
 * isolate has no fresh snapshot: it is cold, or was idle for so long that it may have missed a change.
 * @module
 */

import { readValue } from "../../config/canonical.ts";
import { poolKey } from "../../config/documents.ts";
import { parsePool } from "../../config/parse.ts";
import { keepsSessionCookies } from "../../config/pool-rules.ts";
import type { PoolStatus } from "../../contract/pool-status.ts";
import type { SyncReply, SyncReport } from "../../contract/sync.ts";
import type { Clock } from "../../core/system.ts";
import { configTokens } from "../../platform/affinity-tokens.ts";
import { SharedWork } from "../model/shared-work.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import type { KnownPoolStatuses } from "../steering/pool-statuses.ts";
import { Neighbours, type Place } from "./neighbours.ts";
import type { RouteCache } from "./route-cache.ts";
import { CALL_TIMEOUT_MS, FIRST_SYNC_WAIT_MS, SyncState } from "./sync-state.ts";

/** How often a request that waits for another request's sync looks whether it is there. */
const POLL_MS = 5;
/** Longest that is waited for KV. */
const LONGEST_READ_MS = 1_000;
/** A reading that is not over by then, tokens included, was lost with its request. */
const LOST_READ_MS = 2_000;
/** An answer that takes longer is reported while it lasts, or its count would lapse. */
const LONG_RESPONSE_MS = 4_000;

/** How a configuration is used while the object has not answered. */
interface Adoption {
  /** Origins that others say are down. */
  readonly down?: readonly string[];
  readonly needsTokens?: boolean;
}

/** What the isolate's pools have in common: what other news syncs bring to, and where it is. */
interface Shared {
  readonly routes: Pick<RouteCache, "recordRevision">;
  readonly statuses: KnownPoolStatuses;
  readonly place: Place;
}

export class PoolSync {
  readonly #pool: EdgePool;
  readonly #surroundings: Surroundings;
  readonly #now: Clock;
  readonly #state: SyncState;
  readonly #shared: Shared;
  readonly neighbours: Neighbours;
  /** Of the configuration from KV, with the tokens that belong to it. */
  readonly #reading: SharedWork;
  /** Which statuses of pools the object gave last; 0: none. */
  #statusMark = 0;
  /** There is nothing to serve from, because neither the object nor KV answers. */
  isUnavailable = false;

  constructor(pool: EdgePool, isolate: string, shared: Shared, surroundings: Surroundings) {
    this.#pool = pool;
    this.#surroundings = surroundings;
    this.#now = surroundings.now;
    this.#shared = shared;
    this.#state = new SyncState(pool, isolate, surroundings.random);
    this.neighbours = new Neighbours(pool, isolate, shared.place, surroundings);
    this.#reading = new SharedWork(LOST_READ_MS, surroundings);
  }

  /** See `SyncState.isStale`. */
  get isStale(): boolean {
    return this.#state.isStale(this.#now());
  }

  /** See `SyncState.isCrowded`. */
  get isCrowded(): boolean {
    return this.#state.isCrowded;
  }

  /** See `SyncState.isDue`. */
  get isDue(): boolean {
    return this.#state.isDue(this.#now());
  }

  /**
   * Makes sure that present events are reported within a pace, even if no other request comes; and in a crowd, that the
   * isolate hears from its neighbours for a while.
   */
  scheduleReport(background: Background): void {
    const nowMs = this.#now();
    if (this.#state.needsReport(nowMs)) background.waitUntil(this.#reportInTime());
    if (this.isCrowded) this.neighbours.listen(nowMs, background);
  }

  /** Reports now and then while a long answer is under way, and once more when it is over. */
  async trackLongResponse(over: Promise<unknown>): Promise<void> {
    const end = new AbortController();
    const ended = over.then(() => end.abort());
    while (!end.signal.aborted) {
      await this.#surroundings.wait(LONG_RESPONSE_MS, end.signal).catch(() => undefined);
      if (!end.signal.aborted && this.#state.isDue(this.#now())) await this.#tell(await this.#call());
    }
    await ended;
    await this.#reportInTime();
  }

  /** One call in the background of the request that noticed it is due. */
  start(background: Background): void {
    background.waitUntil(this.#followed(this.#call()));
  }

  /**
   * Waits for a fresh snapshot, but not for long; then serves from the one it has, at worst from the configuration
   * alone.
   */
  async refresh(background: Background): Promise<void> {
    const nowMs = this.#now();
    if (this.#state.mayCall(nowMs)) {
      const call = this.#call(true);
      this.#state.beginWait(nowMs);
      background.waitUntil(this.#followed(call));
      await Promise.race([call, this.#surroundings.wait(FIRST_SYNC_WAIT_MS)]);
    } else {
      // Another request's promise must not be awaited; its effect can be watched.
      while (this.#state.isWaitedFor(this.#now())) await this.#surroundings.wait(POLL_MS);
    }
    if (this.#needsConfig) await this.#reading.run(background, () => this.#adoptConfig());
    if (this.#pool.activePool === null) this.#state.missing(this.#now());
    else this.isUnavailable = false;
  }

  /**
   * For one of many isolates that come to the pool at once, because another has failed: serves from its configuration
   * and from its status, and makes the first call only after a while. If that is not enough to serve as the pool would,
   * it waits as `refresh` does.
   * @param delayMs at most 20 s
   */
  async startFrom({ down = [] }: Readonly<PoolStatus>, delayMs: number, background: Background) {
    // Not again where it was not enough for another request, which has called by now.
    if (this.#needsConfig && !this.#state.hasCalled) {
      await this.#reading.run(background, () => this.#adoptConfig({ down, needsTokens: true }));
    }
    if (this.#pool.activePool === null) return await this.refresh(background);
    if (!this.#state.hasCalled) this.#state.postpone(this.#now(), delayMs);
  }

  /** False also where another request has just found that there is none. */
  get #needsConfig(): boolean {
    return this.#pool.activePool === null && this.#state.isStale(this.#now());
  }

  /**
   * Calls when it is due, unless another call has begun by then, or a later report was scheduled; and again while requests
   * wait for their origins, whose count would lapse otherwise.
   */
  async #reportInTime(): Promise<void> {
    const holderMs = this.#now();
    do {
      const scheduledMs = this.#now();
      this.#state.scheduleReport(scheduledMs, holderMs);
      while (!this.#state.mustReport(this.#now())) {
        await this.#surroundings.wait(this.#state.waitMs(this.#now()));
        if (!this.#state.isScheduled(scheduledMs)) return;
      }
      await this.#tell(await this.#call());
    } while (this.#needsAnotherReport());
  }

  /** The end of connections that were reported as open must be reported, even if no other request comes. */
  async #followed(call: Promise<number | null>): Promise<void> {
    await this.#tell(await call);
    if (this.#needsAnotherReport()) await this.#reportInTime();
  }

  #needsAnotherReport(): boolean {
    const nowMs = this.#now();
    return (
      (this.#state.mustFollowUp(nowMs) || this.#pool.servers.isServing) && this.#state.needsReport(nowMs)
    );
  }

  /** Tells the neighbours of the answer to a call; not where a request waits. @param askedMs see `#call` */
  async #tell(askedMs: number | null): Promise<void> {
    if (askedMs !== null && this.isCrowded) await this.neighbours.notes.leave(askedMs);
  }

  /**
   * @param isAwaited a request waits for the answer
   * @returns when the object was asked; null: it has not answered
   */
  async #call(isAwaited = false): Promise<number | null> {
    const startedMs = this.#now();
    const report = this.#state.begin(startedMs, isAwaited);
    if (this.#statusMark !== 0) report.pool_status_mark = this.#statusMark;
    if (this.isCrowded) Object.assign(report, this.neighbours.report());
    // An answer that is late is of no use: a later one may be in force by then.
    const { id } = this.#pool;
    const answer = await this.#surroundings.callPool(id, (stub) => stub.sync(report), CALL_TIMEOUT_MS);
    const failed = answer.ok ? this.#applied(report, answer.value, startedMs) : answer;
    if (failed === null) return startedMs;
    const { failure, detail } = failed;
    const backoff_ms = this.#state.failed(startedMs, this.#now(), failure);
    this.#surroundings.log({ pool: id, event: "sync_failed", failure, detail, backoff_ms });
    return null;
  }

  /** Never throws, for an object of another version may say anything. @returns as a call that failed; null: it is in force */
  #applied(report: SyncReport, reply: SyncReply, startedMs: number) {
    const { verdict, id: pool } = this.#pool;
    const before = verdict.strange;
    try {
      this.#hear(reply);
      this.#state.answered(report, reply, startedMs, this.#now());
    } catch (error) {
      return { failure: "error", detail: String(error) } as const;
    }
    this.isUnavailable = false;
    const detail = verdict.strange;
    if (detail !== before && detail !== "")
      this.#surroundings.log({ pool, event: "snapshot_not_understood", detail });
    return null;
  }

  /** The parts of the object's answer that concern more than its own pool. */
  #hear(reply: SyncReply): void {
    const { routes_revision = 0, pool_statuses, pool_status_mark } = reply;
    this.#shared.routes.recordRevision(routes_revision);
    this.neighbours.hear(reply);
    if (pool_statuses === undefined) return;
    this.#shared.statuses.apply(pool_statuses);
    this.#statusMark = pool_status_mark ?? 0;
  }

  /** @param needsTokens not if sessions would be lost for want of their tokens */
  async #adoptConfig({ down = [], needsTokens = false }: Adoption = {}): Promise<void> {
    if (this.#pool.isRemoved) return;
    const { settings } = this.#surroundings;
    const reading = this.#surroundings.readDocument(poolKey(this.#pool.id), LONGEST_READ_MS);
    const document = await reading.catch(() => undefined);
    if (document === undefined) this.isUnavailable = !this.#state.hasAnswered;
    if (document == null) return;
    const content = readValue(document.text);
    const parsed = content.ok
      ? parsePool(content.value, { allowIpOrigins: settings.ALLOW_IP_ORIGINS === "1" })
      : content;
    if (!parsed.ok) return;
    const tokens = await configTokens(settings, this.#pool.id, parsed.value);
    if (needsTokens && tokens === null && keepsSessionCookies(parsed.value)) return;
    if (this.#pool.activePool === null) this.#pool.adoptConfig(parsed.value, tokens, down);
  }
}
