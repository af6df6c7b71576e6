/**
 * The interface of the places that hold a configuration: KV on this machine or at Cloudflare, or a running balancer.
 * @module
 */

/** A stored document. */
export interface StoredDocument {
  /** JSON, with its author's comments and layout where they are kept; or what stands in its place. */
  readonly text: string;
  /** The mark by which the place notices that somebody else has written meanwhile; null: it cannot notice. */
  readonly version: string | number | null;
  /** Why the balancer does not use the document, or not the newest; null if it does. */
  readonly problem: string | null;
}

/** By key in KV: `routes`, `pool:<id>`. */
export type StoredDocuments = ReadonlyMap<string, StoredDocument>;

export interface Write {
  readonly key: string;
  /** JSON; null: the document is removed. */
  readonly text: string | null;
  /** The same with its author's comments and layout, for places that keep them. */
  readonly written?: string | undefined;
  /** The document that it replaces. */
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
   * Writes all documents. If a write fails, `written` has been called for the earlier ones.
   * @param written called after each write, with a description of it
   * @throws Failure; ApiProblem with `key` in front of it if a document was refused
   */
  write(writes: readonly Write[], written: (key: string, what: string) => void): Promise<void>;
}
