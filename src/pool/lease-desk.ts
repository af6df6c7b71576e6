/**
 * What isolates are given: the snapshot if it changed, leases, origins for the requests of a strict pool, and when to
 * come back.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { AcquireReply, AcquireReport, PoolSnapshot, SyncReply, SyncReport } from "../contract/sync.ts";
import type { AskTurn } from "../core/ask-queue.ts";
import { CursorAllocator, type CursorRange } from "../core/cursor-lease.ts";
import type { RateGrant } from "../core/rate-lease.ts";
import type { Clock } from "../core/system.ts";
import { Isolates } from "./isolates.ts";
import { Pacer } from "./pacer.ts";
import { RateAuthority } from "./rate-authority.ts";
import type { PoolStore } from "./store.ts";
import { StrictPicker } from "./strict-picker.ts";

/** Most positions one lease may hold: thousands of requests a second for an hour. */
const LARGEST_CURSOR_LEASE = 16_777_216;

const NO_ORIGIN: PickReply = { origin: null, reason: null, repinned: false, retry_after_ms: null };

export interface LeaseDeskOptions {
  store: PoolStore;
  now: Clock;
  /** Told of each call. */
  called: () => void;
  /** Told of each report; `isFresh` is false for one that was counted before. May bring a new snapshot. */
  heard: (report: SyncReport, isFresh: boolean) => void;
}

export class LeaseDesk {
  readonly isolates = new Isolates();
  readonly rates: RateAuthority;
  readonly #options: LeaseDeskOptions;
  readonly #cursor = new CursorAllocator();
  /** Leases of isolates in a strict pool, which pick only while the object is silent: its own order has no gaps. */
  readonly #spareCursor = new CursorAllocator();
  readonly #pacer: Pacer;
  readonly #strict: StrictPicker;
  #snapshot: PoolSnapshot | null = null;

  constructor(options: LeaseDeskOptions) {
    const { store, now } = options;
    this.#options = options;
    this.#pacer = new Pacer(store, now());
    this.rates = new RateAuthority(store, now());
    this.#strict = new StrictPicker({
      now,
      cursor: this.#cursor,
      limit: (origin) => this.rates.pickLimit(origin),
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

  /** @param snapshot null: the pool has no usable configuration, or none any more */
  adopt(snapshot: PoolSnapshot | null): void {
    this.#snapshot = snapshot;
    this.rates.adopt(snapshot?.config ?? null, this.#options.now());
    if (snapshot === null) return;
    this.#pacer.mayBeAsked = hasLimits(snapshot.config);
    this.#strict.adopt(snapshot);
  }

  sync(report: SyncReport): Omit<SyncReply, "removed"> {
    const nowMs = this.#options.now();
    const { isolate: id, sequence, active, picks } = report;
    this.isolates.sweep(nowMs);
    this.#strict.sweep((isolate) => this.isolates.isKnown(isolate));
    if (picks !== undefined) this.#strict.reconcile(id, picks, !this.isolates.isKnown(id));
    const paceMs = this.#pacer.next(this.isolates.isDue(id, nowMs), nowMs);
    const isFresh = this.isolates.hear({ id, sequence, active, paceMs }, nowMs);
    this.#options.called();
    this.#options.heard(report, isFresh);
    if (isFresh) for (const range of report.cursor.returned) this.#leasedCursor.giveBack(range);
    const snapshot = this.#snapshot;
    const rates = report.rates && this.#exchange(id, report.rates, report.snapshot === 0);
    giveTurn(rates ?? {}, this.#pacer.firstAsk(this.isolates.size));
    return {
      snapshot: snapshot !== null && snapshot.version !== report.snapshot ? snapshot : null,
      cursor: this.#lease(report.cursor.want),
      active: this.isolates.othersActive(id),
      next_sync_ms: paceMs,
      early_sync_ms: this.#pacer.earliest(this.isolates.size, paceMs),
      configured: snapshot !== null,
      ...(rates === undefined ? {} : { rates }),
    };
  }

  /** Tokens for a request that found none. */
  acquire({ isolate, rates }: AcquireReport): AcquireReply {
    this.#options.called();
    const turn = this.#pacer.nextAsk(this.isolates.size, this.#options.now());
    const grants = this.#exchange(isolate, rates, false);
    giveTurn(grants, turn);
    return { rates: grants };
  }

  /** An origin for one request of a strict pool. */
  pick(request: PickRequest): PickReply {
    this.#calledUnplanned();
    return this.#snapshot === null ? NO_ORIGIN : this.#strict.pick(request);
  }

  release(report: ReleaseReport): void {
    this.#calledUnplanned();
    this.#strict.release(report);
  }

  #calledUnplanned(): void {
    this.#options.called();
    this.#pacer.unplanned(this.#options.now());
  }

  get #leasedCursor(): CursorAllocator {
    return this.#snapshot?.config.coordination === "strict" ? this.#spareCursor : this.#cursor;
  }

  #lease(want: number): CursorRange | null {
    return want > 0 ? this.#leasedCursor.grant(Math.min(want, LARGEST_CURSOR_LEASE)) : null;
  }

  #exchange(isolate: string, rates: AcquireReport["rates"], isCold: boolean): AcquireReply["rates"] {
    const paceMs = this.isolates.paceMs(isolate);
    const exchange = { isolate, rates, isCold, paceMs, isolates: this.isolates.size };
    return this.rates.exchange(exchange, this.#options.now());
  }
}

function hasLimits({ rate_limit, origins }: PoolConfig): boolean {
  return rate_limit !== null || origins.some((origin) => origin.rate_limit !== null);
}

function giveTurn(grants: Record<string, RateGrant>, { waitMs, forMs }: AskTurn): void {
  for (const grant of Object.values(grants)) {
    grant.wait_ms = Math.max(grant.wait_ms, waitMs);
    if (forMs !== null) grant.ask_ms = forMs;
  }
}
