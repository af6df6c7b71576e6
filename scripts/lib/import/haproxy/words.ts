/**
 * Words of a line of HAProxy's configuration (its manual, 2.2 "Quoting and escaping" and 2.3 "Environment variables").
 * @module
 */

/** Jinja, Helm, ERB and their like; no configuration has these where a word may begin. */
const TEMPLATE = /(^|\s)(\{\{|\{%|<%)/;
const ESCAPES: Readonly<Record<string, string>> = {
  t: "\t",
  r: "\r",
  n: "\n",
  " ": " ",
  "#": "#",
  "\\": "\\",
  "'": "'",
  '"': '"',
  $: "$",
};
const VARIABLE = /\$(?:(\w+)|\{(\w+)(?:\[\*\])?(?:-([^}]*))?\})/y;

/** What stands for an environment variable; undefined: it is not known. */
export type Environment = ReadonlyMap<string, string>;

/** A line that cannot be read: why, and at which column from 1 on. */
export class WordError extends Error {
  readonly column: number;

  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

/** @throws WordError at a quote without its end, a variable that is not known, or a template */
export function wordsOf(line: string, environment: Environment): string[] {
  const template = TEMPLATE.exec(line);
  if (template !== null) {
    const message = `this looks like a template ("${template[2]}"): render it first, and import the result`;
    throw new WordError(template.index + 1, message);
  }
  return new LineReader(line, environment).all();
}

class LineReader {
  readonly #line: string;
  readonly #environment: Environment;
  readonly #words: string[] = [];
  /** null: between two words. */
  #word: string | null = null;
  #at = 0;

  constructor(line: string, environment: Environment) {
    this.#line = line;
    this.#environment = environment;
  }

  all(): string[] {
    for (let character = this.#line[0]; character !== undefined; character = this.#line[this.#at]) {
      if (character === "#") break;
      if (/\s/.test(character)) {
        this.#end();
        this.#at++;
      } else if (character === "'") this.#strong();
      else if (character === '"') this.#weak();
      else this.#take(character);
    }
    this.#end();
    return this.#words;
  }

  #end(): void {
    if (this.#word !== null) this.#words.push(this.#word);
    this.#word = null;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? "") + text;
  }

  /** Takes the character here, or what it and a backslash stand for. */
  #take(character: string): void {
    const hex = /^\\x([0-9A-Fa-f]{2})/.exec(this.#line.slice(this.#at, this.#at + 4))?.[1];
    const escaped = character === "\\" ? ESCAPES[this.#line[this.#at + 1] ?? ""] : undefined;
    if (character === "\\" && hex !== undefined) {
      this.#add(String.fromCharCode(Number.parseInt(hex, 16)));
      this.#at += 4;
    } else {
      this.#add(escaped ?? character);
      this.#at += escaped === undefined ? 1 : 2;
    }
  }

  #strong(): void {
    const end = this.#line.indexOf("'", this.#at + 1);
    if (end < 0) throw new WordError(this.#at + 1, "this ' is never closed");
    this.#add(this.#line.slice(this.#at + 1, end));
    this.#at = end + 1;
  }

  #weak(): void {
    const start = this.#at++;
    this.#add("");
    for (;;) {
      const character = this.#line[this.#at];
      if (character === undefined) throw new WordError(start + 1, 'this " is never closed');
      if (character === '"') break;
      if (character === "$") this.#variable();
      else this.#take(character);
    }
    this.#at++;
  }

  #variable(): void {
    VARIABLE.lastIndex = this.#at;
    const match = VARIABLE.exec(this.#line);
    if (match === null) {
      this.#take("$");
      return;
    }
    const name = match[1] ?? match[2] ?? "";
    const value = this.#environment.get(name) ?? match[3];
    if (value === undefined) {
      const message = `the environment variable ${name} is not known here: write "\${${name}-VALUE}" with its value`;
      throw new WordError(this.#at + 1, message);
    }
    this.#add(value);
    this.#at += match[0].length;
  }
}
