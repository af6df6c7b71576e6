/**
 * The conditions of load balancing rules that a route can say: by host, by path or its beginning, and by what `where`
 * knows of a client and its request.
 *
 * Source: Cloudflare Rules language, fields and operators.
 * @module
 */
import type { Rule } from "../model.ts";
import { bothWheres } from "../where.ts";
import { conditionField, type Test } from "./condition-fields.ts";

export interface Condition {
  /** null: any. */
  readonly host: string | null;
  readonly path: { readonly text: string; readonly kind: "exact" | "prefix" } | null;
  readonly where: Rule["where"];
}

const ANY: Condition = { host: null, path: null, where: null };
const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(http\.request\.headers\["[^"\\]+"\]\[0\])|([0-9A-Fa-f]*:[0-9A-Fa-f:.]+(?:\/\d+)?|\d[\d.]*(?:\/\d+)?)|([A-Za-z_][\w.]*|==|&&|\|\||[(){},])|(\S))/y;

/**
 * The alternatives of which one must hold, or null if there is anything in it that no route can say. Understood are
 * `eq`, `in`, `starts_with`, `and`, `or`, parentheses and fields that are true or false. An empty text always holds.
 */
export function parseCondition(text: string): Condition[] | null {
  if (text.trim() === "") return [ANY];
  try {
    const parser = new Parser(text);
    const alternatives = parser.anyOf();
    parser.end();
    return alternatives;
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

class NotUnderstood extends Error {}

class Parser {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    const source = text.trim();
    while (TOKEN.lastIndex < source.length) {
      const [, ...found] = TOKEN.exec(source) ?? [];
      const token = found.slice(0, -1).find((each) => each !== undefined);
      if (token === undefined) throw new NotUnderstood();
      this.#tokens.push(token);
    }
  }

  anyOf(): Condition[] {
    const found = this.#allOf();
    while (this.#skip("or") || this.#skip("||")) found.push(...this.#allOf());
    return found;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new NotUnderstood();
  }

  #allOf(): Condition[] {
    let found = this.#one();
    while (this.#skip("and") || this.#skip("&&")) {
      const others = this.#one();
      found = found.flatMap((one) => others.flatMap((other) => both(one, other)));
    }
    return found;
  }

  #one(): Condition[] {
    if (this.#skip("(")) {
      const found = this.anyOf();
      this.#expect(")");
      return found;
    }
    if (this.#skip("starts_with")) return this.#startsWith();
    const field = fieldOf(this.#next());
    // One condition of a list of values: each of `where` takes a list; a host and a path do not.
    return field.alternatives(field.isFlag ? [] : this.#values()).map(understood);
  }

  #startsWith(): Condition[] {
    this.#expect("(");
    const field = fieldOf(this.#next());
    this.#expect(",");
    const text = this.#text();
    this.#expect(")");
    return [understood(field.beginningWith?.(text) ?? null)];
  }

  /** `eq "a"`, or `in {"a" "b"}` */
  #values(): string[] {
    if (this.#skip("eq") || this.#skip("==")) return [this.#text()];
    this.#expect("in");
    this.#expect("{");
    const found: string[] = [];
    while (!this.#skip("}")) found.push(this.#text());
    return found;
  }

  /** A quoted text, an address or a number. */
  #text(): string {
    const token = this.#next();
    if (token.startsWith('"')) return token.slice(1, -1).replace(/\\(.)/g, "$1");
    if (/^[0-9A-Fa-f:.]/.test(token)) return token;
    throw new NotUnderstood();
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new NotUnderstood();
    return token;
  }

  #skip(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#skip(token)) throw new NotUnderstood();
  }
}

function fieldOf(token: string) {
  const field = conditionField(token);
  if (field === null) throw new NotUnderstood();
  return field;
}

function understood(test: Test | null): Condition {
  if (test === null) throw new NotUnderstood();
  return { ...ANY, ...test };
}

/** What holds where both do; nothing if they exclude each other. Two different paths are beyond a route. */
function both(one: Condition, other: Condition): Condition[] {
  if (one.path !== null && other.path !== null) throw new NotUnderstood();
  if (one.host !== null && other.host !== null && one.host !== other.host) return [];
  const where = bothWheres(one.where, other.where);
  if (where === undefined) return [];
  return [{ host: one.host ?? other.host, path: one.path ?? other.path, where }];
}
