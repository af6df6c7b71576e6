/**
 * Looks now and then whether KV has another document for an object.
 * @module
 */
import type { KvDocument } from "../platform/config-source.ts";

/** How often an object that has no document yet looks for one while it is asked. */
const SEARCH_MS = 1_000;

export interface ConfigWatchOptions {
  /** How often one that has a document looks for another. */
  readonly everyMs: number;
  /** Null: KV has none. */
  readonly read: () => Promise<KvDocument | null>;
  readonly found: (document: KvDocument | null) => void;
  /** KV is out of reach: what is in force stays in force. */
  readonly unreadable: (error: string) => void;
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
    return Date.now() - this.#checkedAtMs >= this.#options.everyMs;
  }

  /** Never rejects. */
  check(): Promise<void> {
    this.#checkedAtMs = Date.now();
    this.#checking = this.#read();
    return this.#checking;
  }

  /** For want of any document: requests must not become as many readings of KV. */
  async seek(): Promise<void> {
    const isDue = Date.now() - this.#checkedAtMs >= SEARCH_MS;
    await (isDue ? this.check() : this.#checking);
  }

  async #read(): Promise<void> {
    try {
      this.#options.found(await this.#options.read());
    } catch (error) {
      this.#options.unreadable(String(error));
    }
  }
}
