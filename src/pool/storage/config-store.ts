/**
 * The methods of the store that a configuration in force needs.
 * @module
 */
import type { Metadata } from "./metadata.ts";

/** One applied configuration document. */
export interface ConfigVersion {
  version: number;
  /** Canonical JSON of the document as its author wrote it, defaults not filled in. */
  document: string;
  /** When its author wrote it to KV, in ms since the epoch; null if the writer left no timestamp. */
  updatedAt: number | null;
  /** When this object took it over, in ms since the epoch. */
  appliedAt: number;
}

/** The writer of a version through the API, and the reason. */
export interface Signature {
  /** Name of the token; null: it came from KV. */
  who: string | null;
  /** In the writer's words; null: none was given. */
  message: string | null;
}

export type SignedVersion = ConfigVersion & Signature;

/** A version without its document, which may have 2 MB. */
export type ConfigDates = Omit<SignedVersion, "document">;

export interface ConfigStore extends Pick<Metadata, "get" | "put"> {
  /** The versions since it was last removed that are kept, newest first. */
  configDates(): ConfigDates[];
  /** Null if it is not kept, or was removed. */
  configVersion(version: number): SignedVersion | null;
  /** @throws if it is too large for a row */
  addConfigVersion(added: ConfigVersion): void;
  signConfigVersion(version: number, signature: Signature): void;
  /** A version as its author wrote it, comments and all; null: not kept. */
  writtenText(version: number): string | null;
  /** @param text null: its canonical form is all there is */
  setWrittenText(version: number, text: string | null): void;
  /** The same document was written again: only its time moves. */
  touchConfigVersion(version: number, updatedAt: number): void;
}
