/**
 * Words of nginx's configuration language (its reader: ngx_conf_read_token in src/core/ngx_conf_file.c).
 * @module
 */
import { TextPlaces } from "../../text-places.ts";
import { ImportError } from "../result.ts";
import type { NginxFile } from "./files.ts";

export type Token =
  | { readonly kind: "word"; readonly text: string; readonly offset: number }
  /** `;`, `{`, `}`, or "" at the end of the file. */
  | { readonly kind: ";" | "{" | "}" | ""; readonly offset: number };

const BLANK = /\s/;
/** Jinja, Helm, ERB and their like; no configuration has these where a word may begin. */
const TEMPLATE = /^(\{\{|\{%|<%)/;
/** In Lua: texts and comments, by what they begin with; a brace in these is none. */
const LUA_TEXTS: readonly (readonly [opening: string, whole: RegExp])[] = [
  ['"', /"(?:[^"\\]|\\[\s\S])*"/y],
  ["'", /'(?:[^'\\]|\\[\s\S])*'/y],
  ["--[[", /--\[\[[\s\S]*?\]\]/y],
  ["--", /--[^\n]*/y],
  ["[[", /\[\[[\s\S]*?\]\]/y],
];
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
  readonly #name: string;
  readonly #text: string;
  readonly #places: TextPlaces;
  readonly #linesBefore: number;
  /** What no text in Lua is closed by any more: looking for the end of each would look at the rest of the file each time. */
  readonly #unclosed = new Set<string>();
  #at = 0;

  constructor({ name, text, linesBefore }: Pick<NginxFile, "name" | "text" | "linesBefore">) {
    this.#name = name;
    this.#text = text;
    this.#places = new TextPlaces(text);
    this.#linesBefore = linesBefore;
  }

  /** `FILE:line:column` */
  place(offset: number): string {
    const { line, column } = this.#places.at(offset);
    return `${this.#name}:${line + this.#linesBefore}:${column}`;
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
    if (TEMPLATE.test(this.#text.slice(offset, offset + 2))) {
      const mark = this.#text.slice(offset, offset + 2);
      this.fail(offset, `this looks like a template ("${mark}"): render it first, and import the result`);
    }
    if (first === ";" || first === "{" || first === "}") {
      this.#at++;
      return { kind: first, offset };
    }
    const text = first === '"' || first === "'" ? this.#quoted(first) : this.#bare();
    return { kind: "word", text, offset };
  }

  /**
   * Passes over a block of Lua after its `{`.
   * @param offset of what opened it
   */
  skipBlock(offset: number): void {
    for (let depth = 1; depth > 0; ) {
      const text = this.#luaText();
      const character = this.#text[this.#at];
      if (character === undefined) this.fail(offset, 'this block is never closed by "}"');
      if (text === 0 && character === "{") depth++;
      if (text === 0 && character === "}") depth--;
      this.#at += Math.max(text, 1);
    }
  }

  /** The length of the text or comment here; 0: there is none. */
  #luaText(): number {
    for (const [opening, whole] of LUA_TEXTS) {
      if (this.#unclosed.has(opening) || !this.#text.startsWith(opening, this.#at)) continue;
      whole.lastIndex = this.#at;
      const found = whole.exec(this.#text)?.[0].length;
      if (found !== undefined) return found;
      this.#unclosed.add(opening);
    }
    return 0;
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
