/**
 * The pool's authority: everything the Durable Object decides, without the Durable Object. Storage, clock and
 * probes are handed in.
 * @module
 */
import { parsePool } from "../config/parse.ts";
import type { PoolConfig } from "../config/schema.ts";
import { HEALTH_TRANSITIONS, type PoolEvent, type PoolEventKind } from "../contract/events.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { AcquireReply, AcquireReport, PoolSnapshot, SyncReply, SyncReport } from "../contract/sync.ts";
import { type Clock, type Random, systemRandom, systemTimers, type Timers } from "../core/system.ts";
import { ConfigKeeper, type OfferedDocument, type OfferVerdict } from "./config-keeper.ts";
import type { PoolParts } from "./description.ts";
import { EventBook } from "./event-counts.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { Notifier } from "./notifier.ts";
import { OriginBoard } from "./origin-board.ts";
import { Statistics } from "./pool-stats.ts";
import type { Probe } from "./prober.ts";
import type { PoolStore } from "./store.ts";

/** A pool is taken for removed when KV has not had it for this long; KV may be this far behind itself. */
const REMOVAL_NOTICE_MS = 60_000;
/** In SQLite: the pool was removed. */
const REMOVED_FACT = "removed";

export interface ControllerOptions {
  pool: string;
  store: PoolStore;
  now: Clock;
  /** Runs an active check. */
  probe: Probe;
  /** Default: the system's. */
  random?: Random;
  timers?: Timers;
  allowIpOrigins: boolean;
  log: (entry: Record<string, unknown>) => void;
}

export class PoolController {
  readonly #options: ControllerOptions;
  readonly #keeper: ConfigKeeper<PoolConfig>;
  readonly #board: OriginBoard;
  readonly #monitor: HealthMonitor;
  readonly #notifier: Notifier;
  readonly #events: EventBook;
  /** What isolates are given. */
  readonly #leases: LeaseDesk;
  readonly statistics: Statistics;
  #snapshot: PoolSnapshot | null = null;
  #missingSinceMs: number | null = null;
  /** It had a configuration, and has none any more. */
  #isRemoved: boolean;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { store, now, allowIpOrigins } = options;
    this.#keeper = new ConfigKeeper(store, now, (value) => parsePool(value, { allowIpOrigins }));
    this.#notifier = new Notifier(store, now);
    this.#events = new EventBook(store);
    this.#leases = new LeaseDesk({
      store,
      now,
      called: () => this.statistics.called(),
      heard: (report, isFresh) => this.#heard(report, isFresh),
    });
    this.#board = new OriginBoard({
      store,
      now,
      emit: (kind, origin, detail) => this.#emit(kind, detail, origin),
      active: (origin) => this.#leases.isolates.active(origin),
    });
    this.statistics = new Statistics({ store, now, board: this.#board, isolates: this.#leases.isolates });
    const { probe, random = systemRandom, timers = systemTimers } = options;
    this.#monitor = new HealthMonitor({
      now,
      random,
      timers,
      probe,
      judge: (origin, passed, detail) => {
        if (this.#board.probed(origin, passed, detail)) this.#publish();
      },
    });
    this.#isRemoved = store.fact(REMOVED_FACT, false);
    if (this.#keeper.config !== null && !this.#isRemoved) this.#adopt(false);
  }

  get configured(): boolean {
    return this.#snapshot !== null;
  }

  get keeper(): ConfigKeeper<PoolConfig> {
    return this.#keeper;
  }

  /** Answers an isolate's report. */
  sync(report: SyncReport): SyncReply {
    const reply = this.#leases.sync(report);
    return this.#isRemoved ? { ...reply, removed: true } : reply;
  }

  acquire(report: AcquireReport): AcquireReply {
    return this.#leases.acquire(report);
  }

  pick(request: PickRequest): PickReply {
    return this.#leases.pick(request);
  }

  release(report: ReleaseReport): void {
    this.#leases.release(report);
  }

  /** The next round-robin position that no isolate was given. */
  get cursorPosition(): number {
    return this.#leases.cursorPosition;
  }

  /**
   * What KV holds for this pool. A good, newer document comes into force; without any for a while, the pool is
   * taken for removed.
   */
  offer(document: OfferedDocument | null): OfferVerdict | "missing" {
    if (document === null) return this.#missing();
    this.#missingSinceMs = null;
    const errorBefore = this.#keeper.error;
    const verdict = this.#keeper.offer(document);
    const { error, version } = this.#keeper;
    const comesBack = this.#snapshot === null && this.#keeper.config !== null && !this.#keeper.isRetired;
    if (verdict === "applied" || comesBack) {
      this.#adopt(true);
      this.#emit("config_applied", `version ${version?.version ?? 0}`);
    }
    if (verdict === "invalid" && error !== errorBefore) this.#emit("config_refused", error ?? "");
    return verdict;
  }

  drain(origin: string): boolean {
    return this.#publishIf(this.#board.drain(origin));
  }

  undrain(origin: string): boolean {
    return this.#publishIf(this.#board.undrain(origin));
  }

  /** What is due by now: probes, ends of ejections and drains, statistics. */
  async run(): Promise<void> {
    const tick = (): void => {
      this.#publishIf(this.#board.tick());
    };
    tick();
    this.statistics.run();
    await this.#monitor.run(tick);
  }

  /** Sends the notifications that are due. Not part of `run`: a receiver that hangs must not hold up a check. */
  async notify(): Promise<void> {
    const url = this.#keeper.config?.notify_url ?? null;
    if (url === null) this.#notifier.clear();
    else await this.#notifier.deliver(url);
  }

  /** When `run` or `notify` is next worth calling, in ms since the epoch; Infinity if never. */
  nextRunMs(): number {
    if (this.#snapshot === null) return Number.POSITIVE_INFINITY;
    const parts = [this.#board.nextTickMs(), this.statistics.nextRunMs()];
    return Math.min(...parts, this.#monitor.nextDueMs(), this.#notifier.nextDueMs());
  }

  /** The operator removed the pool. */
  retire(): void {
    this.#keeper.retire();
    this.#remove("the pool was removed");
  }

  /** An operator did something. */
  audit(who: string, what: string, origin?: string): void {
    if (who !== "") this.#emit("audit", what, origin, who);
  }

  /** For descriptions and explanations of the pool. */
  parts(): PoolParts {
    return {
      pool: this.#options.pool,
      keeper: this.#keeper,
      board: this.#board,
      monitor: this.#monitor,
      isolates: this.#leases.isolates,
      rates: this.#leases.rates,
      events: this.#events,
      snapshot: this.#snapshot,
      panic: this.#snapshot !== null && this.#leases.panicking,
      nowMs: this.#options.now(),
    };
  }

  /** What an isolate has seen. */
  #heard(report: SyncReport, isFresh: boolean): void {
    if (!isFresh) return;
    this.statistics.heard(report);
    let changed = false;
    for (const [origin, seen] of Object.entries(report.origins)) {
      changed = this.#board.reported(origin, seen) || changed;
    }
    this.#publishIf(changed);
  }

  #adopt(isChange: boolean): void {
    const { config } = this.#keeper;
    if (config === null) return;
    this.#setRemoved(false);
    this.#board.adopt(config);
    if (isChange) this.#publish();
    else this.#refresh(this.#options.store.fact("snapshot_version", 1));
  }

  #missing(): "missing" {
    const nowMs = this.#options.now();
    this.#missingSinceMs ??= nowMs;
    if (this.#snapshot !== null && nowMs - this.#missingSinceMs >= REMOVAL_NOTICE_MS) {
      this.#remove("the pool was removed from KV");
    }
    return "missing";
  }

  #remove(detail: string): void {
    this.#setRemoved(true);
    this.#snapshot = null;
    this.#leases.adopt(null);
    this.#emit("config_applied", detail);
  }

  #setRemoved(isRemoved: boolean): void {
    if (isRemoved === this.#isRemoved) return;
    this.#isRemoved = isRemoved;
    this.#options.store.setFact(REMOVED_FACT, isRemoved);
  }

  #publishIf(changed: boolean): boolean {
    if (changed) this.#publish();
    return changed;
  }

  /** A new snapshot version, stored first: an isolate must never meet one version with two contents. */
  #publish(): void {
    const version = this.#options.store.fact("snapshot_version", 0) + 1;
    this.#options.store.setFact("snapshot_version", version);
    this.#refresh(version);
  }

  #refresh(version: number): void {
    const { config } = this.#keeper;
    if (config === null) return;
    const origins = this.#board.origins();
    // Origins that are leaving are still there to be drained, so the snapshot's config shows them too.
    this.#snapshot = { version, config: { ...config, origins }, origins: this.#board.states() };
    this.#leases.adopt(this.#snapshot);
    this.#monitor.configure(config.health_check, origins, this.#options.now());
  }

  #emit(kind: PoolEventKind, detail?: string, origin?: string, who?: string): void {
    const { pool, now, store, log } = this.#options;
    const event: PoolEvent = {
      at: now(),
      kind,
      pool,
      ...(origin === undefined ? {} : { origin }),
      ...(detail === undefined ? {} : { detail }),
      ...(who === undefined ? {} : { who }),
    };
    store.addEvent(event);
    this.#events.note(kind, origin);
    log({ event: kind, origin, who, detail });
    if (HEALTH_TRANSITIONS.has(kind) && this.#keeper.config?.notify_url != null) this.#notifier.add(event);
  }
}
