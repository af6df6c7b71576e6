/**
 * What is asked of the object that keeps the routes. Plain data in both directions; it only ever grows.
 * @module
 */
import type { VersionDescription, WriteOptions, WriteResult } from "./admin.ts";
import type { PoolEvent } from "./events.ts";

/** Routes as a document. */
export interface RoutesDocument {
  /** JSON, as its author wrote it; null: there has never been one. */
  text: string | null;
  /** By this an older document is told from a newer one, in ms since the epoch; 0 without a document. */
  mark: number;
}

export interface RoutesDescription extends RoutesDocument {
  /** Counts the documents that were in force; 0: none. */
  version: number;
  /** When it was written, in ms since the epoch; null if its writer left no mark. */
  updated_at: number | null;
  /** Why the last document found in KV was refused; null if it was not. */
  config_error: string | null;
  /** How often routes came into force, and how often they were refused. */
  applied: number;
  refused: number;
}

/** What the object of the routes shows. */
export interface RoutesRpc {
  /** What is in force. For isolates that heard of a newer mark than theirs. */
  current(): Promise<RoutesDocument>;
  describe(): Promise<RoutesDescription>;
  /** Newest first. */
  events(limit?: number): Promise<PoolEvent[]>;
  /** Newest first; at most one if `version` is given. */
  versions(version?: number): Promise<VersionDescription[]>;
  /** @param document JSON, which must hold a value. Whether its pools exist is the caller's to check */
  putConfig(document: string, options: WriteOptions): Promise<WriteResult>;
  /** A new version with the document of an earlier one. */
  rollback(version: number, options: WriteOptions): Promise<WriteResult>;
  /** A pool was made through the API: KV's list may not show it for a while. */
  notePool(pool: string): Promise<void>;
  /** Those that were noted within the last minutes; some may be gone again. */
  recentPools(): Promise<string[]>;
  /** The watchdog's call: have the current document. */
  wake(): Promise<void>;
}
