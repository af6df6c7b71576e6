/**
 * Where a configuration is in force: KV, on this machine or at Cloudflare, or a balancer that runs.
 * @module
 */

/** A document as it stands there. */
export interface StoredDocument {
  /** JSON, or what stands in its place. */
  readonly text: string;
  /** By which the place tells whether somebody else has written meanwhile; null: by nothing. */
  readonly version: string | number | null;
  /** Why the balancer does not use the document, or not the newest; null if it does. */
  readonly problem: string | null;
}

/** By key in KV: `routes`, `pool:<id>`. */
export type StoredDocuments = ReadonlyMap<string, StoredDocument>;

export interface Write {
  readonly key: string;
  /** JSON; null: the document goes. */
  readonly text: string | null;
  /** What it replaces. */
  readonly stored: StoredDocument | null;
}

export interface ConfigStore {
  /** For sentences: `the local KV`. */
  readonly name: string;
  /** Origins may be at IP addresses and localhost. */
  readonly allowIpOrigins: boolean;
  /** When a write is in force, for people. */
  readonly inForce: string;
  /**
   * All documents there.
   * @param wanted keys that are looked up even if no list shows them yet
   * @throws Failure
   */
  read(wanted: Iterable<string>): Promise<StoredDocuments>;
  /**
   * Writes all; if it fails on the way, `written` has heard of what was done.
   * @param written gets what was done, in words, as it is done
   * @throws Failure; ApiProblem with `key` in front of it if a document was refused
   */
  write(writes: readonly Write[], written: (key: string, what: string) => void): Promise<void>;
}
