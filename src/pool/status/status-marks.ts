/**
 * The content of a pool's status, and the marks that order them: they grow over restarts of the object too, without a row
 * for each.
 * @module
 */
import type { PoolConfig } from "../../config/schema.ts";
import { DEFAULT_OVERPROVISIONING, type PoolStatus } from "../../contract/pool-status.ts";
import type { PoolStrength } from "../../core/steering/pool-strength.ts";
import type { Metadata } from "../storage/metadata.ts";

/** Marks are reserved this far ahead, in ms: a row a minute at most. */
const RESERVED = 60_000;
/** Longest list of origins in a status. */
const MOST_DOWN = 50;

export class StatusMarks {
  readonly #store: Metadata;
  readonly #now: () => number;
  #last: number;
  #reserved: number;

  constructor(store: Metadata, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#reserved = store.get("status_mark");
    this.#last = this.#reserved;
  }

  /** Larger than any before. Follows the clock, so that it is so even where the store was lost. */
  next(): number {
    this.#last = Math.max(this.#last + 1, this.#now());
    if (this.#last > this.#reserved) {
      this.#reserved = this.#last + RESERVED;
      this.#store.put("status_mark", this.#reserved);
    }
    return this.#last;
  }
}

/** The values that a status is made from. */
export interface StatusFacts {
  readonly config: PoolConfig;
  readonly strength: PoolStrength;
  readonly available: boolean;
  /** In ms since the epoch; null: it is available, or does not have enough origins. */
  readonly returnsAtMs: number | null;
  /** The part of its share that it takes after a return, in (0, 1]. */
  readonly ramp: number;
  /** The part that it takes by its capacity. */
  readonly accepted: number;
  /** How much of the capacity is used; null: not known yet. */
  readonly used: number | null;
  /** Ids of origins that take no new requests. */
  readonly down: readonly string[];
  /** How many origins fail and are in service all the same, because too few others keep them in. */
  readonly failing: number;
}

export function newStatus(facts: StatusFacts): Omit<PoolStatus, "mark"> {
  const { config, strength, available, returnsAtMs, ramp, accepted, down } = facts;
  const { overprovisioning, shed_percent, shed_sessions_percent, location } = config;
  const reason = reasonOf(facts);
  return {
    available,
    share: rounded(strength.share, 10_000),
    accept: rounded(accepted * ramp * (1 - shed_percent / 100), 100),
    ...(overprovisioning === DEFAULT_OVERPROVISIONING ? {} : { overprovisioning }),
    ...(shed_percent === 0 ? {} : { shed: shed_percent / 100 }),
    ...(shed_sessions_percent === 0 ? {} : { shed_sessions: shed_sessions_percent / 100 }),
    ...(location === null ? {} : { location }),
    ...(down.length === 0 ? {} : { down: down.slice(0, MOST_DOWN) }),
    ...(returnsAtMs === null ? {} : { returns_at: returnsAtMs }),
    ...(reason === null ? {} : { reason }),
  };
}

/** Whether two say the same to routes. */
export function hasSameContent(one: Omit<PoolStatus, "mark">, other: Omit<PoolStatus, "mark">): boolean {
  return spelled(one) === spelled(other);
}

function spelled(status: Omit<PoolStatus, "mark"> & { mark?: number }): string {
  const { isolates: _, mark: __, reason: ___, ...content } = status;
  return JSON.stringify(content);
}

/** For people. Null: the pool takes all of its clients. */
function reasonOf({
  config,
  strength,
  available,
  returnsAtMs,
  ramp,
  accepted,
  used,
  failing,
}: StatusFacts): string | null {
  const { eligible, total, share } = strength;
  const needed = config.minimum_origins > 1 && !available ? `, ${config.minimum_origins} needed` : "";
  // Without this it would contradict the list of origins, where they are in service.
  const but = failing === 0 ? "" : `; ${failing} in service ${failing === 1 ? "is" : "are"} failing`;
  const origins = `${eligible} of ${total} origins${needed}${but}`;
  if (!available && returnsAtMs === null) return origins;
  if (!available) return "returning";
  const reasons = [
    ...(share * config.overprovisioning < 1 ? [origins] : []),
    ...(ramp < 1 ? ["returned lately"] : []),
    ...(accepted < 1 ? [used === null ? "capacity" : `capacity ${Math.round(used * 100)}%`] : []),
    ...(config.shed_percent > 0 ? [`shed ${config.shed_percent}%`] : []),
  ];
  return reasons.length === 0 ? null : reasons.join(", ");
}

/** Steps that are too small to matter are no news. */
function rounded(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
