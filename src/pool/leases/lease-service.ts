/**
 * Grants to isolates the snapshot if it changed, leases, origins for the requests of a strict pool, and the time to
 * come back.
 * @module
 */
import { hasRateLimits } from "../../config/pool-rules.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../../contract/strict.ts";
import type {
  AcquireReply,
  AcquireReport,
  PoolSnapshot,
  SyncReply,
  SyncReport,
} from "../../contract/sync.ts";
import type { WatchReply, WatchRequest } from "../../contract/verdict-watch.ts";
import { CursorAllocator, type CursorRange } from "../../core/cursor/cursor-lease.ts";
import type { RateGrant } from "../../core/rate-limit/rate-lease.ts";
import type { CallSlot } from "../../core/rate-limit/token-call-pacer.ts";
import type { Clock, Timers } from "../../core/system.ts";
import type { OriginConnections } from "../origins/origin-drains.ts";
import type { Metadata } from "../storage/metadata.ts";
import { Isolates, lapseMs } from "./isolates.ts";
import { Pacer, SYNC_INTERVAL_MS } from "./pacer.ts";
import { PoolRateLimits, type RateAnswer } from "./rate-limits.ts";
import { StrictPicker } from "./strict-picker.ts";
import { VerdictWatches } from "./verdict-watches.ts";

/** Most positions one lease may hold: thousands of requests a second for an hour. */
const LARGEST_CURSOR_LEASE = 16_777_216;

const NO_ORIGIN: PickReply = { origin: null, reason: null, repinned: false, retry_after_ms: null };

export interface LeaseServiceOptions {
  pool: string;
  store: Pick<Metadata, "get" | "put">;
  now: Clock;
  timers: Timers;
}

export class LeaseService implements OriginConnections {
  readonly isolates = new Isolates();
  readonly rateLimits: PoolRateLimits;
  /**
   * By this time the isolates of a previous incarnation of the object have reported their connections again, or are
   * gone, like any isolate that does not call for so long. In ms since the epoch; 0: there was no previous incarnation.
   */
  readonly accountedMs: number;
  readonly #options: LeaseServiceOptions;
  readonly #cursor = new CursorAllocator();
  /** Leases of isolates in a strict pool, which pick only while the object is silent: its own order has no gaps. */
  readonly #spareCursor = new CursorAllocator();
  readonly #pacer: Pacer;
  readonly #strict: StrictPicker;
  readonly #watches: VerdictWatches;
  #snapshot: PoolSnapshot | null = null;

  constructor(options: LeaseServiceOptions) {
    const { store, now } = options;
    this.#options = options;
    this.#watches = new VerdictWatches({ ...options, hasRoom: () => this.#pacer.hasRoom(now()) });
    this.#pacer = new Pacer(store, now());
    this.accountedMs =
      store.get("snapshot_version") === 0 ? 0 : lapsedByMs(this.#pacer.plannedUntilMs, now());
    this.rateLimits = new PoolRateLimits(store, now());
    this.#pacer.beginTokenSlots(this.rateLimits.spentUntilMs);
    this.#strict = new StrictPicker({
      now,
      cursor: this.#cursor,
      limiter: (origin) => this.rateLimits.strictLimiter(origin),
    });
  }

  /** The next round-robin position that no isolate was given. */
  get cursorPosition(): number {
    return this.#cursor.position;
  }

  /** True while unhealthy origins are used because too few are healthy. */
  get panicking(): boolean {
    return this.#strict.panicking;
  }

  /** @param snapshot null: the pool has no usable configuration */
  adopt(snapshot: PoolSnapshot | null): void {
    this.#snapshot = snapshot;
    this.#watches.adopt(snapshot);
    this.rateLimits.adopt(snapshot?.config ?? null, this.#options.now());
    if (snapshot === null) return;
    this.#pacer.reservesTokenCalls = hasRateLimits(snapshot.config);
    this.#strict.adopt(snapshot);
  }

  /** Live connections of an origin, all isolates together. */
  active(origin: string): number {
    return this.isolates.active(origin);
  }

  /** See `Pacer.plannedUntilMs`. */
  get calledByMs(): number {
    return this.#pacer.plannedUntilMs;
  }

  /** Forgets isolates that have not called for too long, with their connections and picks. */
  sweep(): void {
    this.isolates.sweep(this.#options.now());
    this.#strict.sweep((isolate) => this.isolates.isKnown(isolate));
  }

  /**
   * Records an isolate's connections and picks, and plans its next call.
   * @returns false if the report was counted before: its counts must not be added again
   */
  record(report: SyncReport): boolean {
    const { isolate: id, sequence, active, picks, cursor, demand } = report;
    const nowMs = this.#options.now();
    this.sweep();
    if (picks !== undefined) this.#strict.reconcile(id, picks, !this.isolates.isKnown(id));
    const paceMs = this.#paceOf(report, nowMs);
    const isFresh = this.isolates.record(
      { id, sequence, active, paceMs, isIdle: demand.requests === 0 },
      nowMs,
    );
    if (isFresh) for (const range of cursor.returned) this.#leasedCursor.giveBack(range);
    return isFresh;
  }

  /** The reply to a recorded report. */
  grant(report: SyncReport): Omit<SyncReply, "removed"> {
    const { isolate: id } = report;
    const paceMs = this.isolates.paceMs(id);
    const snapshot = this.#snapshot;
    const rates = report.rates && this.#exchange(report, report.rates);
    // One that has asked and got nothing waits for its turn, as after a call for tokens.
    const slot = rates?.isUnmet
      ? this.#pacer.nextTokenSlot(this.isolates, this.#options.now())
      : this.#pacer.firstTokenSlot(this.isolates);
    assignSlot(rates?.grants ?? {}, slot);
    const watch_after_ms = this.#watches.offer(report.data_center, paceMs);
    return {
      snapshot: snapshot !== null && snapshot.version !== report.snapshot ? snapshot : null,
      cursor: this.#lease(report.cursor.want),
      active: this.isolates.othersActive(id),
      next_sync_ms: paceMs,
      early_sync_ms: this.#pacer.earliest(this.isolates.size, paceMs),
      configured: snapshot !== null,
      ...(rates === undefined ? {} : { rates: rates.grants }),
      ...(watch_after_ms === null ? {} : { watch_after_ms }),
    };
  }

  /** Resolves with the next verdict. See contract/verdict-watch.ts. */
  watch(request: WatchRequest): Promise<WatchReply> {
    this.#pacer.watched(this.#options.now());
    return this.#watches.watch(request);
  }

  /** Tokens for a request that found none. */
  acquire(report: AcquireReport): AcquireReply {
    const slot = this.#pacer.nextTokenSlot(this.isolates, this.#options.now());
    const { grants } = this.#exchange({ ...report, snapshot: null }, report.rates);
    assignSlot(grants, slot);
    return { rates: grants };
  }

  /** An origin for one request of a strict pool. */
  pick(request: PickRequest): PickReply {
    this.#pacer.unplanned(this.#options.now());
    return this.#snapshot === null ? NO_ORIGIN : this.#strict.pick(request);
  }

  release(report: ReleaseReport): void {
    this.#pacer.unplanned(this.#options.now());
    this.#strict.release(report);
  }

  get #leasedCursor(): CursorAllocator {
    return this.#snapshot?.config.coordination === "strict" ? this.#spareCursor : this.#cursor;
  }

  #lease(want: number): CursorRange | null {
    return want > 0 ? this.#leasedCursor.grant(Math.min(want, LARGEST_CURSOR_LEASE)) : null;
  }

  /** @param report its snapshot is null if it is a call for tokens */
  #exchange(
    { isolate, waiting = 0, snapshot }: Pick<SyncReport, "isolate" | "waiting"> & { snapshot: number | null },
    rates: AcquireReport["rates"],
  ): RateAnswer {
    const { isolates } = this;
    const exchange = { isolate, rates, waiting, isCold: snapshot === 0, isSync: snapshot !== null };
    const paces = { paceMs: isolates.paceMs(isolate), isolates: isolates.size };
    return this.rateLimits.exchange({ ...exchange, ...paces }, this.#options.now());
  }

  #paceOf({ isolate, snapshot, rates = {} }: SyncReport, nowMs: number): number {
    const isPlanned = this.isolates.isDue(isolate, nowMs);
    return this.rateLimits.isFormer(rates, nowMs)
      ? this.#pacer.nextOfFormer(isPlanned, nowMs)
      : this.#pacer.next(isPlanned, nowMs, snapshot === 0);
  }
}

/** When the last of those is gone that were to call by `calledByMs`. */
function lapsedByMs(calledByMs: number, nowMs: number): number {
  const paceMs = Math.max(SYNC_INTERVAL_MS, calledByMs - nowMs);
  return nowMs + paceMs + lapseMs(paceMs);
}

function assignSlot(grants: Record<string, RateGrant>, { waitMs, forMs }: CallSlot): void {
  for (const grant of Object.values(grants)) {
    grant.wait_ms = Math.max(grant.wait_ms, waitMs);
    if (forMs !== null) grant.slot_ms = forMs;
  }
}
