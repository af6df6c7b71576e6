/**
 * Makes the parts of a pool's object and connects them: each part gets the parts that it calls. Storage, clock and
 * probes are arguments.
 * @module
 */
import { parsePool } from "../config/parse.ts";
import type { PoolConfig } from "../config/schema.ts";
import { type Clock, type Random, systemRandom, systemTimers, type Timers } from "../core/system.ts";
import { ActiveConfig } from "./config/active-config.ts";
import { EventLog } from "./events/event-log.ts";
import { Connections } from "./health/connections.ts";
import { HealthMonitor } from "./health/health-monitor.ts";
import type { RunProbe } from "./health/probe-result.ts";
import { LeaseService } from "./leases/lease-service.ts";
import { OriginStates } from "./origins/origin-states.ts";
import { SnapshotPublisher } from "./snapshot-publisher.ts";
import { Statistics } from "./stats/pool-stats.ts";
import { PoolLoadMeter } from "./status/pool-load.ts";
import { PoolStatusTracker } from "./status/pool-status-tracker.ts";
import type { PoolStore } from "./storage/store.ts";

const NO_SECRETS = { current: "", previous: "" };

export interface ControllerOptions {
  pool: string;
  store: PoolStore;
  now: Clock;
  /** Runs an active check. */
  probe: RunProbe;
  /** Default: the system's. */
  random?: Random;
  timers?: Timers;
  allowIpOrigins: boolean;
  /** See `SnapshotVersion`. Default: none. */
  secrets?: { current: string; previous: string };
  /** Of the Worker, through which origins may be reached. Default: none. */
  bindings?: readonly string[];
  log: (entry: Record<string, unknown>) => void;
  /** Called when the pool's status for routes has changed. */
  statusChanged?: () => void;
}

export class PoolComponents {
  readonly activeConfig: ActiveConfig<PoolConfig>;
  readonly events: EventLog;
  readonly statistics: Statistics;
  /** The status that the pool reports to routes with several pools. */
  readonly status: PoolStatusTracker;
  /** Connections of other work count against those of the checks. */
  readonly connections = new Connections();
  /** Grants to isolates. */
  protected readonly leases: LeaseService;
  protected readonly load: PoolLoadMeter;
  protected readonly monitor: HealthMonitor;
  protected readonly originStates: OriginStates;
  protected readonly publisher: SnapshotPublisher;

  constructor(options: ControllerOptions) {
    const { pool, store, now, allowIpOrigins, secrets = NO_SECRETS, bindings = [] } = options;
    const events = new EventLog(options);
    const leases = new LeaseService({ pool, store, now, timers: options.timers ?? systemTimers });
    const originStates = new OriginStates({ store, now, events, connections: leases, bindings });
    this.events = events;
    this.leases = leases;
    this.originStates = originStates;
    this.activeConfig = new ActiveConfig(store, now, (value) => parsePool(value, { allowIpOrigins }));
    this.load = new PoolLoadMeter(leases.isolates);
    this.statistics = new Statistics({ store, now, originStates, isolates: leases.isolates });
    this.status = this.#newStatus(options);
    this.monitor = this.#newMonitor(options);
    const { monitor, status } = this;
    this.publisher = new SnapshotPublisher({
      store,
      secrets,
      bindings,
      now,
      originStates,
      events,
      leases,
      monitor,
      status,
    });
  }

  get configured(): boolean {
    return this.publisher.snapshot !== null;
  }

  protected publishIf(changed: boolean): boolean {
    const { config } = this.activeConfig;
    if (changed && config !== null) this.publisher.publish(config);
    return changed;
  }

  #newStatus({ store, now, statusChanged }: ControllerOptions): PoolStatusTracker {
    return new PoolStatusTracker({
      store,
      now,
      events: this.events,
      origins: () => this.originStates.judged(),
      judgementRevision: () => this.originStates.judgementRevision,
      load: () => this.load.load(this.originStates.origins(), now()),
      isolates: () => this.leases.isolates.size,
      changed: () => statusChanged?.(),
    });
  }

  #newMonitor(options: ControllerOptions): HealthMonitor {
    const { now, probe, random = systemRandom, timers = systemTimers } = options;
    const { connections, events } = this;
    return new HealthMonitor({
      connections,
      now,
      random,
      timers,
      probe,
      // Probes come back when they come back, also after their pool was removed.
      onResult: (origin, passed, detail) => {
        if (this.configured) this.publishIf(this.originStates.applyProbe(origin, passed, detail));
        this.status.reported();
      },
      events,
    });
  }
}
