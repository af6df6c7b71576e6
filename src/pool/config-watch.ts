/**
 * Looks now and then whether KV has another document for the pool.
 * @module
 */
import type { KvDocument } from "../platform/config-source.ts";

/** How often a pool that is awake looks into KV. */
const CHECK_MS = 5_000;
/** How often one without a configuration does, while isolates ask for it. */
const SEARCH_MS = 1_000;

export interface ConfigWatchOptions {
  /** Null: KV has none. */
  readonly read: () => Promise<KvDocument | null>;
  readonly found: (document: KvDocument | null) => void;
  readonly log: (entry: Record<string, unknown>) => void;
}

export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  /** The last check, over or not. */
  #checking = Promise.resolve();

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
  }

  get isDue(): boolean {
    return Date.now() - this.#checkedAtMs >= CHECK_MS;
  }

  /** Never rejects. */
  check(): Promise<void> {
    this.#checkedAtMs = Date.now();
    this.#checking = this.#read();
    return this.#checking;
  }

  /** For a pool without a configuration: requests for it must not become as many readings of KV. */
  async seek(): Promise<void> {
    const isDue = Date.now() - this.#checkedAtMs >= SEARCH_MS;
    await (isDue ? this.check() : this.#checking);
  }

  async #read(): Promise<void> {
    try {
      this.#options.found(await this.#options.read());
    } catch (error) {
      // KV is out of reach: what is in force stays in force.
      this.#options.log({ event: "config_unreadable", error: String(error) });
    }
  }
}
