/**
 * The forms of single values in SQLite that are more than a number or a text. Deployed versions wrote them: fields are
 * added, never renamed or given another meaning (AGENTS.md, Frozen once deployed). A number whose name ends with `Ms` is a
 * moment, in ms since the epoch (`clock-step.ts`).
 * @module
 */
import type { PoolEvent } from "../../contract/events.ts";

/** The document that KV shows. */
export interface Reading {
  /** Of the canonical document; null: KV has none. */
  readonly hash: string | null;
  /** When it was written, in ms since the epoch; null if its writer left no timestamp. */
  readonly timestamp: number | null;
}

/** A write that KV does not have yet. */
export interface PendingWrite {
  /** When to try (again), in ms since the epoch. */
  readonly dueMs: number;
  readonly failures: number;
}

/** Which document is in force. See `src/pool/config/config-state.ts`. */
export interface ConfigState {
  /** Of the last document that came into force; 0: there never was one. */
  readonly version: number;
  /** The document in force; null: none is. */
  readonly hash: string | null;
  readonly timestamp: number | null;
  /** The newest timestamp of anything that was in force, a removal included; 0: none. */
  readonly newestTimestamp: number;
  /** The newest timestamp that KV ever showed, refused documents included; 0: none. */
  readonly highestTimestamp: number;
  /** It is out of force only because KV has not had it for long: whatever KV shows next is newer. */
  readonly isInferred: boolean;
  /** When the document in force (or the removal) came into force, or when KV accepted it, if later. */
  readonly sinceMs: number;
  /** True if KV has shown the document in force since it was written. */
  readonly isSeen: boolean;
  readonly pending: PendingWrite | null;
  /** The last reading of KV, and since when it has been the same; null: KV was never read. */
  readonly shown: (Reading & { readonly sinceMs: number }) | null;
  /** Documents that were in force or shown before the one in force now, newest last. */
  readonly past: readonly Reading[];
  /** Other documents that KV has shown since then. */
  readonly since: readonly Reading[];
}

/** A notification that was not delivered yet. */
export interface Delivery {
  event: PoolEvent;
  /** The `notify_url` of when it happened. */
  url: string;
  tries: number;
  dueMs: number;
}

/** Says that leases of up to `lease_ms` may have been given until `until`, in ms since the epoch. */
export interface GrantWatermark {
  until: number;
  lease_ms: number;
  /** Most that was out at a time, by origin; absent, in watermarks of older versions: perhaps the whole limit. */
  most?: Record<string, number>;
  /** The same by leases alone, without tokens; absent: as `most`. */
  shares?: Record<string, number>;
  /** Tokens that may have been given were good for so long at most; absent: for `lease_ms`. */
  token_ms?: number;
}

/** The stage of a pool that the last event about its status reported. */
export type Stage = "available" | "spilling" | "returning" | "unavailable";

/** Which pools there are, for the object of the routes. */
export interface Index {
  /** When each was last reported, in ms since the epoch. */
  readonly pools: Readonly<Record<string, number>>;
  /** The pool that gets all requests while there are no routes; null: none. */
  readonly implicitPool: string | null;
  /** When KV was last asked for a list, whether it answered or not. */
  readonly listedAtMs: number | null;
  /** How often in a row that was while no pool was known. */
  readonly searches: number;
}
