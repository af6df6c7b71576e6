/**
 * The conditions of load balancing rules that a route can say: by host, and by path or its beginning.
 * @module
 */

export interface Condition {
  /** null: any. */
  readonly host: string | null;
  readonly path: { readonly text: string; readonly kind: "exact" | "prefix" } | null;
}

const PATH = "http.request.uri.path";
const HOST = "http.host";
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][\w.]*|==|&&|\|\||[(){},])|(\S))/y;

/**
 * The alternatives of which one must hold, or null if there is anything in it that is not understood (Cloudflare Rules
 * language: `eq`, `in`, `starts_with`, `and`, `or`, parentheses). An empty text always holds.
 */
export function parseCondition(text: string): Condition[] | null {
  if (text.trim() === "") return [{ host: null, path: null }];
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
      const match = TOKEN.exec(source);
      const token = match?.[1] ?? match?.[2];
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
    const field = this.#next();
    if (field !== PATH && field !== HOST) throw new NotUnderstood();
    return this.#values().map((text) =>
      field === HOST
        ? { host: text.toLowerCase(), path: null }
        : { host: null, path: { text, kind: "exact" } },
    );
  }

  #startsWith(): Condition[] {
    for (const token of ["(", PATH, ","]) this.#expect(token);
    const text = this.#text();
    this.#expect(")");
    return [{ host: null, path: { text, kind: "prefix" } }];
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

  #text(): string {
    const token = this.#next();
    if (!token.startsWith('"')) throw new NotUnderstood();
    return token.slice(1, -1).replace(/\\(.)/g, "$1");
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

/** What holds where both do; nothing if they exclude each other. Two different paths are beyond a route. */
function both(one: Condition, other: Condition): Condition[] {
  if (one.path !== null && other.path !== null) throw new NotUnderstood();
  if (one.host !== null && other.host !== null && one.host !== other.host) return [];
  return [{ host: one.host ?? other.host, path: one.path ?? other.path }];
}
