/**
 * What is known of each origin: its record, as it is stored, beside the configuration in force and the ejections; and what
 * follows from these for a pick and for the pool's own status.
 * @module
 */
import { isBound } from "../../config/pool-rules.ts";
import type { OriginConfig, PoolConfig } from "../../config/schema.ts";
import type { OriginState } from "../../contract/sync.ts";
import type { IdentifiedServerStatus } from "../../core/health/ejection-limit.ts";
import { slowStartFactors } from "../../core/health/slow-start.ts";
import { takesTraffic } from "../../core/server/eligibility.ts";
import type { PoolStore } from "../storage/store.ts";
import { Ejections } from "./ejections.ts";
import type { OriginRecord, TrackedOrigin } from "./origin-record.ts";

export class OriginRecords {
  readonly ejections: Ejections;
  /** In force; null: none is. */
  config: PoolConfig | null = null;
  readonly #store: PoolStore;
  readonly #now: () => number;
  readonly #bindings: readonly string[];
  readonly #records: Map<string, OriginRecord>;

  /** @param bindings of the Worker, through which origins may be reached */
  constructor(store: PoolStore, now: () => number, bindings: readonly string[]) {
    this.#store = store;
    this.#now = now;
    this.#bindings = bindings;
    this.#records = store.originRecords<OriginRecord>();
    this.ejections = new Ejections(store, now);
  }

  /** The configured origins, and those that are being removed. */
  origins(): OriginConfig[] {
    const removing = [...this.#records.values()].flatMap((record) => record.removing ?? []);
    return [...(this.config?.origins ?? []), ...removing];
  }

  get(id: string): OriginRecord | undefined {
    return this.#records.get(id);
  }

  entries(): Iterable<[string, OriginRecord]> {
    return this.#records;
  }

  get ids(): ReadonlySet<string> {
    return new Set(this.#records.keys());
  }

  /** Stores a record that was changed. */
  save(id: string): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#store.setOriginRecord(id, record);
  }

  add(id: string, record: OriginRecord): void {
    this.#records.set(id, record);
    this.save(id);
  }

  delete(id: string): void {
    this.#records.delete(id);
    this.ejections.forget(id);
    this.#store.deleteOriginRecord(id);
  }

  /** Nobody is known: the pool was removed. The store is cleared by its owner. */
  clear(): void {
    this.config = null;
    this.#records.clear();
    this.ejections.clear();
  }

  /** As its probes say; not of one that is held down. */
  isHealthy(record: OriginRecord): boolean {
    // Without checks nothing would ever call an origin healthy again.
    return this.config?.health_check == null || (record.health.healthy && !record.holdDown);
  }

  /** False: the Worker lacks its binding. */
  isBound(origin: OriginConfig): boolean {
    return isBound(origin, this.#bindings);
  }

  statusOf(origin: OriginConfig): IdentifiedServerStatus {
    const { id, weight, enabled } = origin;
    const record = this.#records.get(id);
    return {
      id,
      weight,
      enabled: enabled && this.isBound(origin),
      healthy: record === undefined || this.isHealthy(record),
      ejected: this.ejections.isEjected(id),
      draining: record?.drain != null,
      drained: record?.drained ?? false,
    };
  }

  /** Everything a pick needs to know, by origin id. */
  states(): Record<string, OriginState> {
    const origins = this.origins();
    const nowMs = this.#now();
    const factorOf = new Map([...this.#factors(false, nowMs), ...this.#factors(true, nowMs)]);
    return Object.fromEntries(
      origins.map((origin) => {
        const { id, healthy, ejected, draining, drained } = this.statusOf(origin);
        const weight_factor = factorOf.get(id) ?? 1;
        const unbound = !this.isBound(origin) && { no_binding: true as const };
        const state: OriginState = { healthy, ejected, draining, drained, weight_factor, ...unbound };
        return [id, state];
      }),
    );
  }

  /** The configured origins as the pool judges them when it speaks of itself. */
  judged(): TrackedOrigin[] {
    return (this.config?.origins ?? []).map((origin) => {
      const standing = this.statusOf(origin);
      const keptInUntilMs = this.ejections.keptInUntilMs(origin.id);
      const ejected = standing.ejected || keptInUntilMs !== null;
      return { ...standing, ejected, backup: origin.backup, keptInUntilMs, isOut: !takesTraffic(standing) };
    });
  }

  /** Slow-start factors by origin id, of those that share one traffic: backups have none while others serve. */
  #factors(backup: boolean, nowMs: number): Map<string, number> {
    const windowMs = (this.config?.slow_start ?? 0) * 1_000;
    const sharing = this.origins().filter(
      (origin) => origin.backup === backup && takesTraffic(this.statusOf(origin)),
    );
    const since = sharing.map(({ id }) => this.#records.get(id)?.backSinceMs ?? null);
    const factors = slowStartFactors(since, windowMs, nowMs);
    return new Map(sharing.map(({ id }, index) => [id, factors[index] ?? 1]));
  }
}
