/**
 * An operator's writes. The object is the authority: a write is checked and in force here at once, and goes to KV
 * right after; if KV fails or was written to within the last second, the alarm brings it there.
 * @module
 */
import { canonicalJson } from "../config/canonical.ts";
import { formatPath } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import type { Result } from "../config/parse.ts";
import type { WriteOptions, WriteResult } from "../contract/admin.ts";
import type { ConfigKeeper, OfferedDocument } from "./config-keeper.ts";
import type { PoolStore } from "./store.ts";

/** KV takes one write per second and key (PLATFORM: KV). */
const KV_SPACING_MS = 1_100;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** In SQLite: a write KV does not have yet. */
const PENDING_FACT = "kv_pending";

/** The configuration's key in KV. */
export interface KeptDocument {
  put(text: string, updatedAt: number): Promise<void>;
  delete(): Promise<void>;
}

/** What is written to: a pool's configuration, or the routes. */
export interface WrittenConfig {
  /** False: it does not exist. */
  readonly configured: boolean;
  readonly keeper: ConfigKeeper<unknown>;
  /** Puts a document in force that is newer than what is. */
  offer(document: OfferedDocument): unknown;
  /** An operator did something. */
  audit(who: string, what: string): void;
}

export interface ConfigWriterOptions {
  store: PoolStore;
  config: WrittenConfig;
  /** Says what is wrong with a document in its writer's terms. */
  parse: (value: unknown) => Result<unknown>;
  document: KeptDocument;
  now: () => number;
  log: (entry: Record<string, unknown>) => void;
}

interface Pending {
  dueMs: number;
  failures: number;
}

export class ConfigWriter {
  readonly #options: ConfigWriterOptions;
  #pending: Pending | null;
  #isWriting = false;
  /** Tells whether something was written here while a write to KV was under way. */
  #revision = 0;
  #writtenMs = Number.NEGATIVE_INFINITY;

  constructor(options: ConfigWriterOptions) {
    this.#options = options;
    this.#pending = options.store.fact<Pending | null>(PENDING_FACT, null);
  }

  /** The version an operator may expect; 0 if there is no configuration. */
  get version(): number {
    const { config } = this.#options;
    return config.configured ? (config.keeper.version?.version ?? 0) : 0;
  }

  /** Puts `text`, a JSON document, in force. */
  async put(text: string, options: WriteOptions): Promise<WriteResult> {
    const { config, parse } = this.#options;
    const { expected_version } = options;
    if (expected_version !== undefined && expected_version !== this.version) return this.#conflict();
    const value = parseJson(text);
    const parsed = parse(value);
    if (!parsed.ok) {
      const problems = parsed.errors.map(({ path, message }) => ({ path: formatPath(path), message }));
      return { status: "invalid", problems };
    }
    const { keeper } = config;
    // A document in KV that was refused is overwritten, even with what is in force.
    const isKnown = config.configured && keeper.error === null;
    if (isKnown && keeper.version?.document === canonicalJson(value)) {
      return { status: "unchanged", version: this.version };
    }
    config.offer({ text, updatedAt: this.#nextMark() });
    return await this.#wrote(options);
  }

  async rollback(version: number, options: WriteOptions): Promise<WriteResult> {
    const { store, config } = this.#options;
    const past = store.configVersion(version);
    if (past === null || !config.configured) return { status: "missing" };
    return await this.put(past.document, options);
  }

  /** @param retire takes the configuration out of force */
  async remove(retire: () => void, options: WriteOptions): Promise<WriteResult> {
    const { config } = this.#options;
    const { expected_version } = options;
    if (!config.configured && config.keeper.error === null) return { status: "missing" };
    if (expected_version !== undefined && expected_version !== this.version) return this.#conflict();
    retire();
    return await this.#wrote(options);
  }

  /** True if KV has everything that was written here. */
  get isStored(): boolean {
    return this.#pending === null;
  }

  /** When `flush` is next worth calling, in ms since the epoch; Infinity if KV has everything, or it is at work. */
  nextDueMs(): number {
    return this.#isWriting ? Number.POSITIVE_INFINITY : (this.#pending?.dueMs ?? Number.POSITIVE_INFINITY);
  }

  /** Brings KV what it does not have yet, if that is due. @returns true if KV has everything */
  async flush(): Promise<boolean> {
    if (this.#pending === null) return true;
    if (this.#isWriting || this.#options.now() < this.#pending.dueMs) return false;
    const revision = this.#revision;
    this.#isWriting = true;
    try {
      await this.#write();
      this.#writtenMs = this.#options.now();
      this.#setPending(revision === this.#revision ? null : { dueMs: this.#earliestMs(), failures: 0 });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
    return this.#pending === null;
  }

  async #write(): Promise<void> {
    const { config, document } = this.#options;
    const { version, isRetired } = config.keeper;
    if (isRetired || version === null) await document.delete();
    else await document.put(version.document, version.updatedAt ?? version.appliedAt);
  }

  async #wrote({ who, what }: WriteOptions): Promise<WriteResult> {
    this.#revision++;
    this.#setPending({ dueMs: this.#earliestMs(), failures: 0 });
    this.#options.config.audit(who, this.version > 0 ? `${what} (version ${this.version})` : what);
    const stored = await this.flush();
    return { status: "applied", version: this.version, stored };
  }

  #conflict(): WriteResult {
    return { status: "conflict", version: this.version };
  }

  /** Newer than anything before it, even if that came from a clock that is ahead. */
  #nextMark(): number {
    return Math.max(this.#options.now(), this.#options.config.keeper.newestMarkMs + 1);
  }

  #earliestMs(): number {
    return Math.max(this.#options.now(), this.#writtenMs + KV_SPACING_MS);
  }

  #failed(error: unknown): void {
    const failures = (this.#pending?.failures ?? 0) + 1;
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    this.#setPending({ dueMs: this.#options.now() + waitMs, failures });
    this.#options.log({ event: "config_not_stored", error: String(error), failures });
  }

  #setPending(pending: Pending | null): void {
    this.#pending = pending;
    this.#options.store.setFact(PENDING_FACT, pending);
  }
}
