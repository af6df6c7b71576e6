/**
 * Prints a line that shows progress.
 * @module
 */
import { clip } from "./table.ts";

const CLEAR = "\r\x1b[K";

export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastKey: unknown;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /**
   * On a terminal the line replaces the one before. Elsewhere it is printed only when `key` has changed, so that a log
   * does not get a line every second.
   */
  show(text: string, key: unknown): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR + clip(text, this.#stream.columns));
    else if (key !== this.#lastKey) this.#stream.write(`${text}\n`);
    this.#lastKey = key;
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write(CLEAR);
  }
}
