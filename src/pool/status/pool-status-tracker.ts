/**
 * Computes the status that a pool reports to routes that choose among several: whether it is available, how strong it
 * is, how much it takes. While no such route names the pool, nothing is computed, stored or reported.
 * @module
 */
import type { PoolConfig } from "../../config/schema.ts";
import type { PoolStatus } from "../../contract/pool-status.ts";
import {
  isAvailable,
  isRamping,
  newAvailability,
  observeEnough,
  type PoolAvailability,
  returnRamp,
  returnsAtMs,
} from "../../core/steering/pool-availability.ts";
import { type PoolStrength, poolStrength } from "../../core/steering/pool-strength.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { TrackedOrigin } from "../origins/origin-record.ts";
import type { Metadata } from "../storage/metadata.ts";
import { AcceptedLoad, type PoolLoad, STEP_MS } from "./accepted-load.ts";
import { StatusEvents } from "./status-events.ts";
import { hasSameContent, newStatus, StatusMarks } from "./status-marks.ts";

/** The state that ends with the last route that chooses the pool. */
const STATUS_NAMES = ["availability", "accepted", "pool_stage"] as const;
/** How often at most where origins are judged anew. */
const URGENT_MS = 200;

export interface TrackerOptions {
  store: Metadata;
  now: () => number;
  events: EventSink;
  /** The configured origins. */
  origins: () => TrackedOrigin[];
  /** See `OriginStates.judgementRevision`. */
  judgementRevision: () => number;
  load: () => PoolLoad;
  /** How many isolates work for the pool. */
  isolates: () => number;
  /** The status is another one now. */
  changed: () => void;
}

export class PoolStatusTracker {
  readonly #options: TrackerOptions;
  readonly #accepted: AcceptedLoad;
  readonly #events: StatusEvents;
  readonly #marks: StatusMarks;
  #config: PoolConfig | null = null;
  /** There is no configuration in force, and none that was just not found yet. */
  #hasNone = false;
  #isSteered: boolean;
  #availability: PoolAvailability | null;
  #status: PoolStatus | null = null;
  #lookedMs = 0;
  #lookedRevision = 0;
  #keptInUntilMs = Number.POSITIVE_INFINITY;

  constructor(options: TrackerOptions) {
    const { store, now, events } = options;
    this.#options = options;
    this.#accepted = new AcceptedLoad(store);
    this.#events = new StatusEvents(store, events);
    this.#marks = new StatusMarks(store, now);
    this.#isSteered = store.get("steered");
    this.#availability = store.get("availability");
  }

  /** A route chooses among several pools, this one among them. */
  get isSteered(): boolean {
    return this.#isSteered;
  }

  /** Null: no route needs it, or it is not known yet whether there is a configuration. */
  get status(): PoolStatus | null {
    return this.#status;
  }

  steer(isSteered: boolean): void {
    if (isSteered === this.#isSteered) return;
    this.#isSteered = isSteered;
    this.#options.store.put("steered", isSteered);
    if (isSteered) this.look();
    else this.#forget();
  }

  /**
   * @param config null: there is none in force
   * @param hasNone without one: it is known that there is none, also in KV
   */
  adopt(config: PoolConfig | null, hasNone = false): void {
    this.#config = config;
    this.#hasNone = hasNone;
    this.look();
  }

  /** The pool was removed. The store is cleared by its owner. */
  clear(): void {
    this.#availability = null;
    this.#accepted.clear();
    this.#events.clear();
  }

  /** Something may have changed, or time has passed. */
  look(): void {
    if (!this.#isSteered) return;
    const nowMs = this.#options.now();
    this.#lookedMs = nowMs;
    this.#lookedRevision = this.#options.judgementRevision();
    if (this.#config !== null) {
      this.#tell({ ...this.#lookAt(this.#config, nowMs), isolates: this.#options.isolates() });
    } else if (this.#hasNone) {
      this.#tell({ available: false, share: 0, accept: 0, reason: "not configured" });
    }
  }

  /** An isolate reported, or a check. Origins that are judged anew are looked at sooner: one may be the last. */
  reported(): void {
    if (!this.#isSteered) return;
    if (this.#options.now() - this.#lookedMs >= (this.#isUrgent ? URGENT_MS : STEP_MS)) this.look();
  }

  /** When `look` is next worth calling, in ms since the epoch; Infinity if nothing is under way. */
  nextLookMs(): number {
    if (!this.#isSteered || this.#config === null || this.#availability === null)
      return Number.POSITIVE_INFINITY;
    const rules = rulesOf(this.#config);
    return Math.min(
      returnsAtMs(this.#availability, this.#lookedMs, rules) ?? Number.POSITIVE_INFINITY,
      isRamping(this.#availability, this.#lookedMs, rules)
        ? this.#lookedMs + STEP_MS
        : Number.POSITIVE_INFINITY,
      this.#isUrgent ? this.#lookedMs + URGENT_MS : Number.POSITIVE_INFINITY,
      this.#keptInUntilMs,
      this.#accepted.nextMs(),
      this.#events.nextMs(),
    );
  }

  /** Origins were judged anew since. */
  get #isUrgent(): boolean {
    return this.#options.judgementRevision() !== this.#lookedRevision;
  }

  #lookAt(config: PoolConfig, nowMs: number): Omit<PoolStatus, "mark"> {
    const origins = this.#options.origins();
    const untilMs = origins.map(({ keptInUntilMs }) => keptInUntilMs ?? Number.POSITIVE_INFINITY);
    this.#keptInUntilMs = Math.min(...untilMs, Number.POSITIVE_INFINITY);
    const strength = poolStrength(origins, config.overprovisioning);
    const availability = this.#observe(config, strength, nowMs);
    this.#accepted.step(config.capacity, this.#options.load, nowMs);
    const rules = rulesOf(config);
    const known = {
      config,
      strength,
      available: isAvailable(availability, nowMs),
      returnsAtMs: returnsAtMs(availability, nowMs, rules),
      ramp: returnRamp(availability, nowMs, rules),
      accepted: this.#accepted.accepted,
      used: this.#accepted.used,
      down: origins
        .filter(({ isOut, enabled, weight }) => isOut && enabled && weight > 0)
        .map(({ id }) => id),
      failing: origins.filter(({ keptInUntilMs, isOut }) => keptInUntilMs !== null && !isOut).length,
    };
    const status = newStatus(known);
    this.#events.note(known, status, nowMs);
    return status;
  }

  #observe(config: PoolConfig, { eligible, share }: PoolStrength, nowMs: number): PoolAvailability {
    const isEnough = eligible >= config.minimum_origins && share > 0;
    const before = this.#availability;
    const after = observeEnough(before ?? newAvailability(isEnough), isEnough, nowMs, rulesOf(config));
    if (after !== before) {
      this.#availability = after;
      this.#options.store.put("availability", after);
    }
    return after;
  }

  #tell(content: Omit<PoolStatus, "mark">): void {
    const before = this.#status;
    if (before !== null && hasSameContent(before, content)) {
      // How many work for it is no news by itself.
      this.#status = { ...content, mark: before.mark };
      return;
    }
    this.#status = { ...content, mark: this.#marks.next() };
    this.#options.changed();
  }

  #forget(): void {
    this.#status = null;
    this.#availability = null;
    this.#accepted.clear();
    this.#events.clear();
    for (const name of STATUS_NAMES) this.#options.store.delete(name);
  }
}

function rulesOf({ return_delay, slow_start }: PoolConfig) {
  return { returnDelayMs: return_delay * 1_000, rampMs: slow_start * 1_000 };
}
