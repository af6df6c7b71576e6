/**
 * Holds the configuration in force. `config-state.ts` decides which document counts. Here it is parsed and stored
 * before it comes into force, so that a bad document never replaces a good one.
 * @module
 */
import { type DocumentText, readText } from "../../config/canonical.ts";
import { formatErrors } from "../../config/errors.ts";
import type { Result } from "../../config/parse.ts";
import type { ConfigStore, ConfigVersion } from "../storage/config-store.ts";
import type { ConfigState, PendingWrite, Reading } from "../storage/stored-forms.ts";
import * as transition from "./config-state.ts";
import { DocumentReader, type ObservedDocument } from "./document-reader.ts";
import { newestUsable } from "./usable-version.ts";

/** The watchdog looks into KV each minute; one or two looks may fail. */
const LONGEST_GAP_MS = 150_000;

/** A good document. */
export interface HashedDocument {
  readonly canonical: string;
  readonly hash: string;
}

export type ApplyVerdict =
  | "applied"
  | "unchanged"
  /** KV's past, or a document that may be its past. */
  | "stale"
  | "invalid"
  /** KV has none, which says nothing yet. */
  | "missing"
  /** KV has had no document for so long that none is in force any longer. */
  | "removed";

/** What there is for KV to take. */
export interface Outgoing {
  /** Null: it is to be deleted. */
  readonly text: string | null;
  readonly timestamp: number;
  readonly state: ConfigState;
}

/** @typeParam C the configuration that a document parses to */
export class ActiveConfig<C> {
  readonly #store: ConfigStore;
  readonly #now: () => number;
  readonly #parseValue: (value: unknown) => Result<C>;
  #state: ConfigState;
  #config: C | null = null;
  /** The version `config` is of: the newest, unless this code cannot use that. */
  #serving: ConfigVersion | null = null;
  /** Why this code cannot use the configuration in force. */
  #unusable: string | null = null;
  /** Why the document that KV shows was refused. */
  #refused: { readonly hash: string | null; readonly reason: string } | null = null;
  /** When KV was last looked at; never since the start. */
  #lookedMs = Number.NEGATIVE_INFINITY;
  readonly #reader = new DocumentReader();

  constructor(store: ConfigStore, now: () => number, parse: (value: unknown) => Result<C>) {
    this.#store = store;
    this.#now = now;
    this.#parseValue = parse;
    this.#state = store.get("config_state") ?? transition.NOTHING;
    if (this.#state.hash !== null) this.#serve();
  }

  /** The config in force; null: none is, or this code can use none of those there were. */
  get config(): C | null {
    return this.#config;
  }

  /** The version in force; null if there has never been one. It stays when the configuration is removed. */
  get version(): ConfigVersion | null {
    return this.#serving;
  }

  /** The problem with the document that KV shows, or with the one in force; null: none. */
  get error(): string | null {
    if (this.#refused !== null) return this.#refused.reason;
    return this.#unusable ?? transition.apartText(this.#state, this.#now());
  }

  /** True if there was a configuration, and none is in force now. */
  get isRemoved(): boolean {
    const { hash, version, newestTimestamp } = this.#state;
    return hash === null && (version > 0 || newestTimestamp > 0);
  }

  /** By it the newest version is told from older ones, in ms since the epoch; null: its writer left none. */
  get timestamp(): number | null {
    return this.#state.timestamp;
  }

  /** No document is in force. */
  get isEmpty(): boolean {
    return this.#state.hash === null;
  }

  /** A write that KV does not have yet. */
  get pending(): PendingWrite | null {
    return this.#state.pending;
  }

  /**
   * Applies a reading of KV; null: KV has no document. The document comes into force if it is valid and newer than the
   * one in force.
   */
  apply(observed: ObservedDocument | null): ApplyVerdict {
    const found = observed === null ? null : this.#reader.read(observed.text);
    const reading = { hash: found?.hash ?? null, timestamp: observed?.updatedAt ?? null };
    const nowMs = this.#now();
    const isGap = nowMs - this.#lookedMs > LONGEST_GAP_MS;
    this.#lookedMs = nowMs;
    const before = isGap ? transition.resumed(this.#state, nowMs) : this.#state;
    const { state, verdict } = transition.read(before, reading, nowMs);
    if (verdict === "newer" && observed !== null) {
      const content = found?.content ?? readText(observed.text);
      const taken = this.#take(state, reading, content);
      if (taken === "applied" && content.ok) this.keepWritten(content.written);
      return taken;
    }
    this.#refused = null;
    if (verdict === "gone") {
      this.#save(transition.gone(state, this.#now()));
      this.#outOfForce();
      return "removed";
    }
    this.#confirm(state);
    if (verdict === "same") return "unchanged";
    return found === null ? "missing" : "stale";
  }

  /**
   * An operator wrote a good document.
   * @param dueMs when KV can take it, in ms since the epoch
   */
  put({ canonical, hash }: HashedDocument, config: C, dueMs: number): void {
    const state = transition.written(this.#state, hash, this.#now(), dueMs);
    this.#putInForce(state, canonical, config);
  }

  /** The version in force with its author's comments and layout; null: they are not kept. Read anew each time. */
  get written(): string | null {
    return this.#serving === null ? null : this.#store.writtenText(this.#serving.version);
  }

  /** Keeps `text` as what the version in force looks like. @returns true if that is new */
  keepWritten(text: string | null): boolean {
    if (this.#serving === null || this.written === text) return false;
    this.#store.setWrittenText(this.#serving.version, text);
    return true;
  }

  /** True for a document that is in force, and that KV shows nothing bad in place of. */
  isInForce({ hash }: HashedDocument): boolean {
    return this.#state.hash === hash && this.error === null;
  }

  /** An operator removed it. */
  tombstone(dueMs: number): void {
    this.#save(transition.written(this.#state, null, this.#now(), dueMs));
    this.#outOfForce();
  }

  /** The document that KV should have. */
  outgoing(): Outgoing {
    const state = this.#state;
    const version = state.hash === null ? null : this.#store.configVersion(state.version);
    if (version === null) return { text: null, timestamp: state.newestTimestamp, state };
    return { text: version.document, timestamp: version.updatedAt ?? version.appliedAt, state };
  }

  /** KV took it. @param dueMs when it can take another */
  stored({ state }: Outgoing, dueMs: number): void {
    this.#save(transition.stored(this.#state, state, this.#now(), dueMs));
  }

  /** KV did not take it. */
  postponed(pending: PendingWrite): void {
    this.#save(transition.postponed(this.#state, pending));
  }

  #take(state: ConfigState, reading: Reading, content: DocumentText): ApplyVerdict {
    this.#confirm(state);
    if (this.#refused?.hash === reading.hash) return "invalid";
    const parsed = content.ok ? this.#parseValue(content.value) : null;
    if (!content.ok || !parsed?.ok) {
      const reason = content.ok ? formatErrors(parsed?.ok === false ? parsed.errors : []) : content.reason;
      this.#refused = { hash: reading.hash, reason };
      return "invalid";
    }
    this.#putInForce(transition.adopted(state, reading, this.#now()), content.canonical, parsed.value);
    return "applied";
  }

  /** Stored first: a document that cannot be stored must not come into force. */
  #putInForce(state: ConfigState, document: string, config: C): void {
    const version = { version: state.version, document, updatedAt: state.timestamp, appliedAt: this.#now() };
    this.#store.addConfigVersion(version);
    // Made again after its removal, even the same document is a version of its own: no ETag of before may match it.
    if (this.isRemoved) this.#store.put("first_version", version.version);
    this.#save(state);
    this.#serving = version;
    this.#config = config;
    this.#unusable = null;
    this.#refused = null;
  }

  #outOfForce(): void {
    this.#config = null;
    this.#unusable = null;
    this.#refused = null;
  }

  /** KV was read, and nothing changes except perhaps the timestamp of the document in force. */
  #confirm(state: ConfigState): void {
    const isTouched =
      state.hash !== null && state.timestamp !== this.#state.timestamp && state.timestamp !== null;
    if (isTouched) this.#store.touchConfigVersion(state.version, state.timestamp);
    const serving = this.#serving;
    if (isTouched && serving?.version === state.version)
      this.#serving = { ...serving, updatedAt: state.timestamp };
    this.#save(state);
  }

  #save(state: ConfigState): void {
    const isNothing = transition.isBlank(state) && transition.isBlank(this.#state);
    if (state !== this.#state && !isNothing) this.#store.put("config_state", state);
    this.#state = state;
  }

  /** After a start. */
  #serve(): void {
    const { serving, problem } = newestUsable(this.#store, this.#parseValue);
    this.#serving = serving?.version ?? null;
    this.#config = serving?.config ?? null;
    this.#unusable = problem === null ? null : `version ${this.#state.version} cannot be used${problem}`;
  }
}
