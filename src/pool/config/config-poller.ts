/**
 * Looks now and then whether KV has another document for an object.
 * @module
 */
import type { KvDocument } from "../../config/documents.ts";
import type { Clock } from "../../core/system.ts";

/** How often an object that has no document yet looks for one while it is asked. */
const SEARCH_MS = 1_000;

export interface ConfigPollerOptions {
  readonly now: Clock;
  /** How often one that has a document looks for another. */
  readonly intervalMs: number;
  /** Null: KV has none. */
  readonly read: () => Promise<KvDocument | null>;
  readonly onDocument: (document: KvDocument | null) => void;
  /** KV is out of reach: the configuration in force stays. */
  readonly onError: (error: string) => void;
}

export class ConfigPoller {
  readonly #options: ConfigPollerOptions;
  #polledAtMs = Number.NEGATIVE_INFINITY;
  /** The last check, over or not. */
  #polling = Promise.resolve();

  constructor(options: ConfigPollerOptions) {
    this.#options = options;
  }

  get isDue(): boolean {
    return this.#options.now() - this.#polledAtMs >= this.#options.intervalMs;
  }

  /** Never rejects. */
  poll(): Promise<void> {
    this.#polledAtMs = this.#options.now();
    this.#polling = this.#read();
    return this.#polling;
  }

  /** Ends with the check that is under way, if one is. Never rejects. */
  get settled(): Promise<void> {
    return this.#polling;
  }

  /** For want of any document: requests must not become as many readings of KV. */
  async pollNow(): Promise<void> {
    const isDue = this.#options.now() - this.#polledAtMs >= SEARCH_MS;
    await (isDue ? this.poll() : this.#polling);
  }

  async #read(): Promise<void> {
    try {
      this.#options.onDocument(await this.#options.read());
    } catch (error) {
      this.#options.onError(String(error));
    }
  }
}
