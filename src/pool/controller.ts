/**
 * The pool's authority: everything the Durable Object decides, without the Durable Object.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { PickReply, PickRequest, ReleaseReport } from "../contract/strict.ts";
import type { AcquireReply, AcquireReport, SyncReply, SyncReport } from "../contract/sync.ts";
import type { WatchReply, WatchRequest } from "../contract/verdict-watch.ts";
import type { PoolState } from "./admin/description.ts";
import type { ManagedPool } from "./admin/pool-admin.ts";
import { type ControllerOptions, PoolComponents } from "./components.ts";
import type { ApplyVerdict, HashedDocument } from "./config/active-config.ts";
import type { WrittenConfig } from "./config/config-writer.ts";
import type { ObservedDocument } from "./config/document-reader.ts";

/**
 * Time that a closed bucket of the statistics waits for an alarm that fires anyway, since another alarm costs a row and
 * a call.
 */
const STATISTICS_PATIENCE_MS = 12_000;

export class PoolController extends PoolComponents implements WrittenConfig<PoolConfig>, ManagedPool {
  readonly #options: ControllerOptions;
  /** The pool had a life before: the next configuration in force begins another one. */
  #wasRemoved: boolean;

  constructor(options: ControllerOptions) {
    super(options);
    this.#options = options;
    this.#wasRemoved = this.activeConfig.isRemoved;
    if (this.activeConfig.config === null) this.#adoptNone();
    else this.#adopt(this.activeConfig.config, false);
  }

  /** Answers an isolate's report. */
  sync(report: SyncReport): SyncReply {
    const isFresh = this.leases.record(report);
    this.statistics.recordCall();
    // How busy isolates are counts only against the pool's own wish.
    if (this.status.isSteered && this.activeConfig.config?.capacity != null) {
      this.load.record(report, this.#options.now());
    }
    if (isFresh && !this.#options.store.isEmpty) {
      this.statistics.record(report);
      this.#applyOutcomes(report);
    }
    const reply = this.leases.grant(report);
    this.status.reported();
    // Said in any case: where this code can use no version there is, isolates keep the snapshot they have.
    return { ...reply, removed: this.activeConfig.isRemoved };
  }

  acquire(report: AcquireReport): AcquireReply {
    this.statistics.recordCall();
    return this.leases.acquire(report);
  }

  watch(request: WatchRequest): Promise<WatchReply> {
    this.statistics.recordCall();
    return this.leases.watch(request);
  }

  pick(request: PickRequest): PickReply {
    this.statistics.recordCall();
    return this.leases.pick(request);
  }

  release(report: ReleaseReport): void {
    this.statistics.recordCall();
    this.leases.release(report);
  }

  get cursorPosition(): number {
    return this.leases.cursorPosition;
  }

  /**
   * What KV holds for this pool. A good, newer document comes into force; without any for a while, the pool is
   * taken for removed.
   */
  applyConfig(document: ObservedDocument | null): ApplyVerdict {
    const errorBefore = this.activeConfig.error;
    const verdict = this.activeConfig.apply(document);
    const { error } = this.activeConfig;
    if (verdict === "applied") this.#applied();
    if (verdict === "removed") this.#remove("the pool was removed from KV");
    else if (this.activeConfig.config === null) this.#adoptNone();
    if (error !== null && error !== errorBefore) this.events.emit("config_refused", { detail: error });
    return verdict;
  }

  /** An operator wrote a good document. */
  put(document: HashedDocument, config: PoolConfig, dueMs: number): void {
    this.activeConfig.put(document, config, dueMs);
    this.#applied();
  }

  /** @param who name of the operator's token; empty: no operator asked for it */
  drain(origin: string, who = ""): boolean {
    return this.publishIf(this.originStates.drain(origin, who === "" ? null : who));
  }

  undrain(origin: string): boolean {
    return this.publishIf(this.originStates.undrain(origin));
  }

  /** Does everything that is due: probes, ends of ejections and drains, statistics. */
  async run(): Promise<void> {
    this.statistics.run();
    await this.monitor.run(() => this.#advance());
    this.status.look();
  }

  /** When `run` or `events.notify` is next worth calling, in ms since the epoch; Infinity if never. */
  nextRunMs(): number {
    // The last event of a pool is its removal.
    if (!this.configured) return this.events.nextNotifyMs();
    const nextMs = Math.min(
      this.originStates.nextAdvanceMs(),
      this.monitor.nextDueMs(),
      this.events.nextNotifyMs(),
      this.status.nextLookMs(),
    );
    const closeMs = this.statistics.nextRunMs();
    return nextMs <= closeMs + STATISTICS_PATIENCE_MS ? nextMs : closeMs;
  }

  /** The operator removed the pool. @param dueMs when KV can take that, in ms since the epoch */
  tombstone(dueMs: number): void {
    this.activeConfig.tombstone(dueMs);
    this.#remove("the pool was removed");
  }

  /** An operator did something. */
  audit(who: string, what: string, origin?: string): void {
    if (who !== "") this.events.emit("audit", { detail: what, origin, who });
  }

  /** For descriptions and explanations of the pool. */
  state(): PoolState {
    // No isolate may have called since one vanished.
    this.leases.sweep();
    return {
      pool: this.#options.pool,
      activeConfig: this.activeConfig,
      originStates: this.originStates,
      monitor: this.monitor,
      isolates: this.leases.isolates,
      rateLimits: this.leases.rateLimits,
      events: this.events,
      snapshot: this.publisher.snapshot,
      panic: this.configured && this.leases.panicking,
      status: this.status.status,
      nowMs: this.#options.now(),
    };
  }

  /** Applies what time alone changes. @returns when it is next worth calling, in ms since the epoch */
  #advance(): number {
    this.leases.sweep();
    if (this.configured) this.publishIf(this.originStates.advance());
    if (this.status.nextLookMs() <= this.#options.now()) this.status.look();
    return Math.min(this.originStates.nextAdvanceMs(), this.status.nextLookMs());
  }

  /** Applies an isolate's outcomes; each report counts once. */
  #applyOutcomes(report: SyncReport): void {
    // Late reports about a removed pool change nothing.
    if (!this.configured) return;
    const changed = this.originStates.applyOutcomes(report.origins);
    // A report may end a drain.
    this.publishIf((this.originStates.isDraining && this.originStates.advance()) || changed);
  }

  #applied(): void {
    if (this.activeConfig.config !== null) this.#adopt(this.activeConfig.config, true);
    this.events.emit("config_applied", { detail: `version ${this.activeConfig.version?.version ?? 0}` });
  }

  #adopt(config: PoolConfig, isChange: boolean): void {
    this.events.configure(config);
    // An event may have come after the removal: the audit event.
    if (this.#wasRemoved) this.#forget();
    this.#wasRemoved = false;
    this.originStates.adopt(config);
    this.events.keep(new Set(this.originStates.origins().map(({ id }) => id)));
    if (isChange) this.publisher.publish(config);
    else this.publisher.restore(config);
  }

  #remove(detail: string): void {
    this.publisher.withdraw();
    // Nothing leads to them any more, and they may have secrets.
    this.#options.store.forgetVersions(Number.POSITIVE_INFINITY);
    this.#forget();
    this.events.emit("config_applied", { detail });
    this.#adoptNone();
    this.#wasRemoved = true;
  }

  /** Without a removal or a bad document, there may be a good one that was not found yet. */
  #adoptNone(): void {
    const { isRemoved, error } = this.activeConfig;
    this.status.adopt(null, isRemoved || error !== null);
  }

  /** Nothing that happened to a pool that was removed is left for one that is made again under its name. */
  #forget(): void {
    this.#options.store.clear();
    this.originStates.clear();
    this.events.clear();
    this.monitor.configure(null, [], this.#options.now());
    this.statistics.clear();
    this.status.clear();
    this.load.clear();
  }
}
