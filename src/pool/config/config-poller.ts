/**
 * Looks now and then whether KV has another document for an object.
 * @module
 */
import type { KvDocument } from "../../config/documents.ts";

/** How often an object that has no document yet looks for one while it is asked. */
const SEARCH_MS = 1_000;

export interface ConfigPollerOptions {
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
    return this.#isOver(this.#options.intervalMs);
  }

  /** Never rejects. */
  poll(): Promise<void> {
    this.#polledAtMs = Date.now();
    this.#polling = this.#read();
    return this.#polling;
  }

  /** Ends with the check that is under way, if one is. Never rejects. */
  get settled(): Promise<void> {
    return this.#polling;
  }

  /** For want of any document: requests must not become as many readings of KV. */
  async pollNow(): Promise<void> {
    await (this.#isOver(SEARCH_MS) ? this.poll() : this.#polling);
  }

  /** Also where the host's clock was set back: nobody knows how long ago it was, and looking once more does no harm. */
  #isOver(ms: number): boolean {
    return Math.abs(Date.now() - this.#polledAtMs) >= ms;
  }

  async #read(): Promise<void> {
    try {
      this.#options.onDocument(await this.#options.read());
    } catch (error) {
      this.#options.onError(String(error));
    }
  }
}
