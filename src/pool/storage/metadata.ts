/**
 * The single values that outlive an object: the name of each, the meaning of its absence, and whether it ends with the
 * pool. This list has all of them. Examples and when each is written: docs/storage.md.
 * @module
 */
import type { OutlierState } from "../../core/health/outlier-detector.ts";
import type { PoolAvailability } from "../../core/steering/pool-availability.ts";
import type { ConfigState, Delivery, GrantWatermark, Index, Stage } from "./stored-forms.ts";

interface MetadataEntry<T> {
  /** The value while none was ever written. */
  readonly initial: T;
  /** True: removing the pool removes the value, so a pool that is made again under the name begins without it. */
  readonly endsWithPool: boolean;
}

function kept<T>(initial: T): MetadataEntry<T> {
  return { initial, endsWithPool: false };
}

function ofOneLife<T>(initial: T): MetadataEntry<T> {
  return { initial, endsWithPool: true };
}

export const METADATA = {
  /** Id of the pool that this object belongs to. */
  pool: kept(""),
  /** No origin takes requests, and an event said so. */
  down: ofOneLife(false),
  /** The last version given to a snapshot; `SnapshotVersion` alone reads and writes it. */
  snapshot_version: kept(0),
  /** The first configuration version of the pool's present life. */
  first_version: kept(1),
  /** Null: no document was ever seen or written. */
  config_state: kept<ConfigState | null>(null),
  /** State of outlier detection, by origin id; null: it is off. */
  outliers: ofOneLife<Record<string, OutlierState> | null>(null),
  notifications: ofOneLife<readonly Delivery[]>([]),
  rate_watermark: kept<Readonly<GrantWatermark>>({ until: 0, lease_ms: 0 }),
  /** Calls of isolates were planned up to this time, in ms since the epoch, also by an earlier incarnation. */
  planned_until: kept(0),
  /** How far ahead the last of them was, in ms; null: it was not written down. */
  planned_ahead: kept<number | null>(null),
  /** A route chooses among several pools, this one among them. */
  steered: kept(false),
  /** No status was given a larger mark. */
  status_mark: kept(0),
  availability: ofOneLife<PoolAvailability | null>(null),
  /** The part of its clients that the pool takes by its capacity. */
  accepted: ofOneLife(1),
  pool_stage: ofOneLife<Stage>("available"),
  /** Revision of the newest routes that the object knows of; 0: none. */
  routes_revision: kept(0),
  /** The secret of session cookies that was made here; empty: none was. */
  affinity_secret: ofOneLife(""),
  /**
   * Tells a change of the deployment's secrets of sessions, or of its bindings; 32 bits, from which nothing can be
   * derived. 0: it has none.
   */
  deployment_hash: kept(0),
  /** Object of the routes: revision of the last change that was announced to isolates; null: none was. */
  announced_revision: kept<number | null>(null),
  /** Object of the routes. */
  pools: kept<Index>({ pools: {}, implicitPool: null, listedAtMs: null, searches: 0 }),
};

export type MetadataName = keyof typeof METADATA;
export type MetadataValue<N extends MetadataName> = (typeof METADATA)[N]["initial"];

/** Values that end with the pool. */
export const ENDS_WITH_POOL: readonly MetadataName[] = (Object.keys(METADATA) as MetadataName[]).filter(
  (name) => METADATA[name].endsWithPool,
);

/** Where the values are. */
export interface Metadata {
  /** The value as it was last written, or its initial one. */
  get<N extends MetadataName>(name: N): MetadataValue<N>;
  put<N extends MetadataName>(name: N, value: MetadataValue<N>): void;
  delete(name: MetadataName): void;
}

/** A value as its row has it. @param text JSON; undefined: there is no row */
export function metadataValue<N extends MetadataName>(name: N, text: string | undefined): MetadataValue<N> {
  return text === undefined ? METADATA[name].initial : (JSON.parse(text) as MetadataValue<N>);
}
