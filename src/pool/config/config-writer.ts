/**
 * An operator's writes. The object is the authority: a write is checked and in force here at once, and goes to KV
 * right after; if KV fails or was written to within the last second, the alarm brings it there.
 * @module
 */
import { documentHash, readText } from "../../config/canonical.ts";
import { shownErrors } from "../../config/errors.ts";
import type { Result } from "../../config/parse.ts";
import type { WriteOptions, WriteResult } from "../../contract/admin.ts";
import { backoffAfter } from "../../core/retry/backoff.ts";
import type { ConfigStore } from "../storage/config-store.ts";
import type { ActiveConfig, HashedDocument } from "./active-config.ts";

/** KV takes one write per second and key (docs/platform.md, KV). */
const KV_SPACING_MS = 1_100;
const RETRIES = { firstMs: 2_000, longestMs: 60_000 };

/** The configuration's key in KV. */
interface KeptDocument {
  put(text: string, updatedAt: number): Promise<void>;
  delete(): Promise<void>;
}

/** The target of a write: a pool's configuration, or the routes. */
export interface WrittenConfig<C> {
  /** False: it does not exist. */
  readonly configured: boolean;
  readonly activeConfig: ActiveConfig<C>;
  /** Puts a good document in force. @param dueMs when KV can take it, in ms since the epoch */
  put(document: HashedDocument, config: C, dueMs: number): void;
  /** An operator did something. */
  audit(who: string, what: string): void;
}

export interface ConfigWriterOptions<C> {
  store: Pick<ConfigStore, "configVersion" | "signConfigVersion" | "writtenText">;
  config: WrittenConfig<C>;
  /** Lists a document's errors in its writer's terms. */
  parse: (value: unknown, options: WriteOptions) => Result<C>;
  document: KeptDocument;
  now: () => number;
  log: (entry: Record<string, unknown>) => void;
}

export class ConfigWriter<C> {
  readonly #options: ConfigWriterOptions<C>;
  #isWriting = false;
  #writtenMs = Number.NEGATIVE_INFINITY;

  constructor(options: ConfigWriterOptions<C>) {
    this.#options = options;
  }

  /** The version an operator may expect; 0 if there is no configuration. */
  get version(): number {
    const { config } = this.#options;
    return config.configured ? (config.activeConfig.version?.version ?? 0) : 0;
  }

  /** Puts a document in force, and keeps its comments and layout. @param text JSON, perhaps with comments */
  async put(text: string, options: WriteOptions): Promise<WriteResult> {
    const { config, parse } = this.#options;
    const { expected_version } = options;
    if (expected_version !== undefined && expected_version !== this.version) return this.#conflict();
    const content = readText(text);
    if (!content.ok) return { status: "invalid", problems: [{ path: "", message: content.reason }] };
    const parsed = parse(content.value, options);
    if (!parsed.ok) return { status: "invalid", problems: shownErrors(parsed.errors) };
    const { canonical, written } = content;
    const document = { canonical, hash: documentHash(canonical) };
    // A refused document in KV is overwritten, even with the document in force.
    if (config.configured && config.activeConfig.isInForce(document)) {
      if (written !== null) this.#reworded(written, options);
      return { status: "unchanged", version: this.version };
    }
    config.put(document, parsed.value, this.#earliestMs());
    config.activeConfig.keepWritten(written);
    return await this.#wrote(options);
  }

  async rollback(version: number, options: WriteOptions): Promise<WriteResult> {
    const { store, config } = this.#options;
    const past = store.configVersion(version);
    if (past === null || !config.configured) return { status: "missing" };
    return await this.put(store.writtenText(version) ?? past.document, options);
  }

  /** @param tombstone takes the configuration out of force; told when KV can take that */
  async remove(tombstone: (dueMs: number) => void, options: WriteOptions): Promise<WriteResult> {
    const { config } = this.#options;
    const { expected_version } = options;
    if (!config.configured && config.activeConfig.error === null) return { status: "missing" };
    if (expected_version !== undefined && expected_version !== this.version) return this.#conflict();
    tombstone(this.#earliestMs());
    return await this.#wrote(options);
  }

  /** When `flush` is next worth calling, in ms since the epoch; Infinity if KV has everything, or it is at work. */
  nextDueMs(): number {
    const { pending } = this.#options.config.activeConfig;
    return this.#isWriting ? Number.POSITIVE_INFINITY : (pending?.dueMs ?? Number.POSITIVE_INFINITY);
  }

  /** Writes to KV the document that it does not have yet, if that is due. @returns true if KV has everything */
  async flush(): Promise<boolean> {
    const { config, document, now } = this.#options;
    const { activeConfig } = config;
    if (activeConfig.pending === null) return true;
    if (this.#isWriting || now() < activeConfig.pending.dueMs) return false;
    const outgoing = activeConfig.outgoing();
    this.#isWriting = true;
    try {
      if (outgoing.text === null) await document.delete();
      else await document.put(outgoing.text, outgoing.timestamp);
      this.#writtenMs = now();
      activeConfig.stored(outgoing, this.#earliestMs());
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
    return activeConfig.pending === null;
  }

  /** Nothing in force changes, so it is no version of its own: isolates and KV have nothing to learn. */
  #reworded(written: string, { who, what, message }: WriteOptions): void {
    const { config } = this.#options;
    if (!config.activeConfig.keepWritten(written)) return;
    const said = message === undefined ? what : `${what}: ${message}`;
    config.audit(who, `${said} (version ${this.version}, comments and layout alone)`);
  }

  async #wrote({ who, what, message }: WriteOptions): Promise<WriteResult> {
    const { config, store } = this.#options;
    const said = message === undefined ? what : `${what}: ${message}`;
    config.audit(who, this.version > 0 ? `${said} (version ${this.version})` : said);
    if (this.version > 0) store.signConfigVersion(this.version, { who, message: message ?? null });
    const stored = await this.flush();
    return { status: "applied", version: this.version, stored };
  }

  #conflict(): WriteResult {
    return { status: "conflict", version: this.version };
  }

  #earliestMs(): number {
    return Math.max(this.#options.now(), this.#writtenMs + KV_SPACING_MS);
  }

  #failed(error: unknown): void {
    const { config, now, log } = this.#options;
    // Even if KV showed a newer document meanwhile: what failed may have come there all the same, and over that one.
    const failures = (config.activeConfig.pending?.failures ?? 0) + 1;
    config.activeConfig.postponed({ dueMs: now() + backoffAfter(failures, RETRIES), failures });
    log({ event: "config_not_stored", error: String(error), failures });
  }
}
