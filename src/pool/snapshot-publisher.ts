/**
 * Publishes the snapshot for isolates: the configuration in force with the state of each origin, under a version that
 * is stored before any isolate gets it. It also gives the snapshot to the parts of the object that use it.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import { countEligible } from "../contract/snapshot.ts";
import type { PoolSnapshot } from "../contract/sync.ts";
import type { EventSink } from "./events/event-sink.ts";
import type { HealthMonitor } from "./health/health-monitor.ts";
import type { LeaseService } from "./leases/lease-service.ts";
import type { OriginStates } from "./origins/origin-states.ts";
import type { PoolStatusTracker } from "./status/pool-status-tracker.ts";
import type { Metadata } from "./storage/metadata.ts";
import { SnapshotVersion } from "./storage/snapshot-version.ts";

export interface SnapshotPublisherOptions {
  store: Metadata;
  /** See `SnapshotVersion`, as for the next. */
  secrets: { current: string; previous: string };
  bindings: readonly string[];
  now: () => number;
  originStates: OriginStates;
  events: EventSink;
  leases: LeaseService;
  monitor: HealthMonitor;
  status: PoolStatusTracker;
}

export class SnapshotPublisher {
  readonly #options: SnapshotPublisherOptions;
  readonly #version: SnapshotVersion;
  #snapshot: PoolSnapshot | null = null;

  constructor(options: SnapshotPublisherOptions) {
    this.#options = options;
    this.#version = new SnapshotVersion(options.store, options.secrets, options.bindings);
  }

  /** Null: the pool has no usable configuration, or was removed. */
  get snapshot(): PoolSnapshot | null {
    return this.#snapshot;
  }

  /** After a start: nothing has changed, so the version stays what it was. */
  restore(config: PoolConfig): void {
    this.#distribute(config, Math.max(1, this.#version.current));
    this.#options.status.adopt(config);
  }

  /** Something has changed: a new version. */
  publish(config: PoolConfig): void {
    this.#noteServing(this.#distribute(config, this.#version.next()));
    this.#options.status.adopt(config);
  }

  /** The pool was removed: isolates get no snapshot from now on. */
  withdraw(): void {
    this.#snapshot = null;
    this.#options.leases.adopt(null);
  }

  #distribute(config: PoolConfig, version: number): PoolSnapshot {
    const { originStates, leases, monitor, now } = this.#options;
    // Origins that are being removed are still there to be drained, so the snapshot's config shows them too.
    const origins = originStates.origins();
    const snapshot = { version, config: { ...config, origins }, origins: originStates.states() };
    this.#snapshot = snapshot;
    leases.adopt(snapshot);
    monitor.configure(config.health_check, originStates.reached(), now());
    return snapshot;
  }

  /** Records an event when the last origin that takes requests goes, and when the first is back. */
  #noteServing(snapshot: PoolSnapshot): void {
    const { store, events } = this.#options;
    const { total, eligible } = countEligible(snapshot);
    const isDown = eligible === 0;
    if (isDown === store.get("down")) return;
    store.put("down", isDown);
    events.emit(isDown ? "pool_down" : "pool_up", {
      detail: `${eligible} of ${total} origins take requests`,
    });
  }
}
