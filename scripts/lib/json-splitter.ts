/**
 * Cuts a stream of text into the JSON objects that it contains, whether one a line or spread over several lines.
 * @module
 */

export class JsonSplitter {
  #text = "";
  /** Position in the text at which the search continues. */
  #at = 0;
  #depth = 0;
  #inString = false;
  /** Start of the incomplete object; -1: there is none. */
  #start = -1;

  /** The objects that `chunk` completes. Text between objects, and text that is not JSON, is dropped. */
  push(chunk: string): unknown[] {
    this.#text += chunk;
    const found: unknown[] = [];
    while (this.#at < this.#text.length) {
      if (this.#step(this.#text[this.#at] ?? "")) found.push(...this.#take());
      this.#at++;
    }
    const kept = this.#start < 0 ? this.#text.length : this.#start;
    this.#text = this.#text.slice(kept);
    this.#at -= kept;
    this.#start = this.#start < 0 ? -1 : 0;
    return found;
  }

  /** @returns true if an object ends with `character` */
  #step(character: string): boolean {
    if (this.#inString) {
      if (character === "\\") this.#at++;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = this.#depth > 0;
    else if (character === "{" && this.#depth++ === 0) this.#start = this.#at;
    else if (character === "}" && this.#depth > 0) return --this.#depth === 0;
    return false;
  }

  #take(): unknown[] {
    const text = this.#text.slice(this.#start, this.#at + 1);
    this.#start = -1;
    try {
      return [JSON.parse(text)];
    } catch {
      return [];
    }
  }
}
