/**
 * Notices changes of a file by polling. Unlike events this also works with editors that replace the file, with links
 * that are switched, and with file systems without events.
 * @module
 */
import { unwatchFile, watchFile } from "node:fs";

const POLL_INTERVAL_MS = 250;

export class ConfigWatcher {
  readonly #path: string;
  readonly #onPoll: () => void;
  /** The reload under way. Reloads run one after the other, so that an older file never replaces a newer one. */
  #reload: Promise<void> = Promise.resolve();

  constructor(path: string, reload: () => Promise<void>) {
    this.#path = path;
    this.#onPoll = () => {
      this.#reload = this.#reload.then(reload).catch((error: unknown) => console.error(String(error)));
    };
    watchFile(path, { interval: POLL_INTERVAL_MS }, this.#onPoll);
    // Notices a change between the caller's first reading and now.
    this.#onPoll();
  }

  /** Stops, and resolves when a reload under way has ended. */
  async stop(): Promise<void> {
    unwatchFile(this.#path, this.#onPoll);
    await this.#reload;
  }
}
