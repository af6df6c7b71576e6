/**
 * Words of nginx's configuration language (its reader: ngx_conf_read_token in src/core/ngx_conf_file.c).
 * @module
 */
import { position } from "../../config-file.ts";
import { ImportError } from "../result.ts";

export type Token =
  | { readonly kind: "word"; readonly text: string; readonly offset: number }
  /** `;`, `{`, `}`, or "" at the end of the file. */
  | { readonly kind: ";" | "{" | "}" | ""; readonly offset: number };

const BLANK = /\s/;
/** What a backslash stands for before these; before anything else it stays, for regular expressions. */
const ESCAPES: Readonly<Record<string, string>> = {
  t: "\t",
  r: "\r",
  n: "\n",
  '"': '"',
  "'": "'",
  "\\": "\\",
};

export class Tokenizer {
  readonly name: string;
  readonly #text: string;
  #at = 0;

  /** @param name what errors begin with: mostly the file's path */
  constructor(name: string, text: string) {
    this.name = name;
    this.#text = text.replace(/^\uFEFF/, "");
  }

  /** `FILE:line:column` */
  place(offset: number): string {
    return `${this.name}:${position(this.#text, offset)}`;
  }

  /** @returns never; for `throw` to be seen by callers */
  fail(offset: number, message: string): never {
    throw new ImportError(`${this.place(offset)}: ${message}`);
  }

  /** @throws ImportError at a quote without its end, or text right after one */
  next(): Token {
    this.#skipBlanksAndComments();
    const offset = this.#at;
    const first = this.#text[offset];
    if (first === undefined) return { kind: "", offset };
    if (first === ";" || first === "{" || first === "}") {
      this.#at++;
      return { kind: first, offset };
    }
    const text = first === '"' || first === "'" ? this.#quoted(first) : this.#bare();
    return { kind: "word", text, offset };
  }

  /**
   * Passes over a block in another language, such as Lua, after its `{`. Braces within count as pairs.
   * @param offset of what opened it
   */
  skipBlock(offset: number): void {
    for (let depth = 1; depth > 0; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined) this.fail(offset, 'this block is never closed by "}"');
      if (character === "{") depth++;
      else if (character === "}") depth--;
    }
  }

  #skipBlanksAndComments(): void {
    for (let character = this.#text[this.#at]; character !== undefined; character = this.#text[this.#at]) {
      if (character === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (!BLANK.test(character)) return;
      else this.#at++;
    }
  }

  #quoted(quote: string): string {
    const start = this.#at++;
    let text = "";
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) this.fail(start, `this ${quote} is never closed`);
      if (character === quote) break;
      text += character === "\\" ? this.#escaped() : character;
      if (character !== "\\") this.#at++;
    }
    const after = this.#text[++this.#at];
    if (after !== undefined && !/[\s;{)]/.test(after)) {
      this.fail(this.#at, `unexpected "${after}" after a quoted text: a blank or ";" is missing`);
    }
    return text;
  }

  #bare(): string {
    let text = "";
    for (;;) {
      const character = this.#text[this.#at];
      // A "{" begins a block, but not in "${name}".
      const ends =
        character === undefined || /[\s;]/.test(character) || (character === "{" && !text.endsWith("$"));
      if (ends) return text;
      text += character === "\\" ? this.#escaped() : character;
      if (character !== "\\") this.#at++;
    }
  }

  /** What the backslash here and the character after it stand for; goes past both. */
  #escaped(): string {
    const next = this.#text[this.#at + 1] ?? "";
    this.#at += 2;
    return ESCAPES[next] ?? `\\${next}`;
  }
}
