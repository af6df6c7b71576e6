/**
 * Conditions behind `if` and `unless`: ACLs joined by AND and OR (manual, 7.2 "Using ACLs to form conditions").
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import { ImportError } from "../result.ts";
import { type Entrance, meaningOf } from "./criteria.ts";
import { anyOf, constantOf, type Meaning } from "./meaning.ts";
import { type Line, linesWith, type ProxySection } from "./sections.ts";

export interface Literal {
  readonly isNegated: boolean;
  /** As it is written, without `!`. */
  readonly text: string;
  readonly meaning: Meaning;
  /** The words of an anonymous ACL, or of a named one of a single line. */
  readonly words: readonly string[];
}

/** Met where all literals of one of the terms are; `unless`: where that is not so. */
export interface Condition {
  /** As it is written, with `if` or `unless`; "" if there is none. */
  readonly text: string;
  readonly isUnless: boolean;
  readonly terms: readonly (readonly Literal[])[];
}

/** Met by every request. */
export const UNCONDITIONAL: Condition = { text: "", isUnless: false, terms: [[]] };

/** What needs no declaration (manual, 7.4 "Pre-defined ACLs"). */
const PREDEFINED: Readonly<Record<string, string>> = {
  FALSE: "always_false",
  HTTP: "always_true",
  HTTP_URL_SLASH: "always_true",
  HTTP_URL_STAR: "always_false",
  LOCALHOST: "src 127.0.0.1/8",
  METH_CONNECT: "method CONNECT",
  METH_DELETE: "method DELETE",
  METH_GET: "method GET HEAD",
  METH_HEAD: "method HEAD",
  METH_OPTIONS: "method OPTIONS",
  METH_POST: "method POST",
  METH_PUT: "method PUT",
  METH_TRACE: "method TRACE",
  REQ_CONTENT: "always_true",
  TRUE: "always_true",
  WAIT_END: "always_true",
};

/** The ACLs of a proxy, by name. */
export class Acls {
  readonly #lines: ReadonlyMap<string, readonly Line[]>;
  readonly #entrance: Entrance;

  constructor(proxy: ProxySection, entrance: Entrance) {
    const byName = new Map<string, Line[]>();
    for (const line of linesWith(proxy, "acl")) {
      const [, name = ""] = line.words;
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [line]);
      else same.push(line);
    }
    this.#lines = byName;
    this.#entrance = entrance;
  }

  /**
   * The condition in `line`, from its `if` or `unless` on.
   * @throws ImportError for what HAProxy would refuse
   */
  conditionOf({ at, words }: Line): Condition {
    const start = words.findIndex((word) => word === "if" || word === "unless");
    if (start < 0) return UNCONDITIONAL;
    const rest = words.slice(start + 1);
    if (rest.length === 0) throw new ImportError(`${at}: no condition stands behind "${words[start]}"`);
    return {
      text: words.slice(start).join(" "),
      isUnless: words[start] === "unless",
      terms: termsOf(rest).map((term) => this.#literals(term, at)),
    };
  }

  #literals(words: readonly string[], at: string): Literal[] {
    const literals: Literal[] = [];
    let isNegated = false;
    for (let index = 0; index < words.length; index++) {
      const word = words[index] ?? "";
      const name = word.replace(/^!+/, "");
      if ((word.length - name.length) % 2 === 1) isNegated = !isNegated;
      if (name === "") continue;
      const end = name === "{" ? words.indexOf("}", index) : index;
      if (end < 0) throw new ImportError(`${at}: this "{" is never closed by "}" with a blank before it`);
      const inner = words.slice(index + 1, end);
      literals.push(name === "{" ? this.#anonymous(inner, isNegated, at) : this.#named(name, isNegated, at));
      isNegated = false;
      index = end;
    }
    if (literals.length === 0) throw new ImportError(`${at}: a condition is missing beside "or"`);
    return literals;
  }

  #anonymous(words: readonly string[], isNegated: boolean, at: string): Literal {
    return {
      isNegated,
      text: `{ ${words.join(" ")} }`,
      words,
      meaning: meaningOf(words, at, this.#entrance),
    };
  }

  /** Lines of the same name are alternatives. */
  #named(name: string, isNegated: boolean, at: string): Literal {
    const lines = this.#lines.get(name) ?? [];
    const [first] = lines;
    if (first === undefined) {
      const known = ownValue(PREDEFINED, name);
      if (known !== undefined) return { ...this.#anonymous(known.split(" "), isNegated, at), text: name };
      throw new ImportError(`${at}: there is no acl ${name} in this section`);
    }
    const meaning = anyOf(lines.map((line) => meaningOf(line.words.slice(2), line.at, this.#entrance)));
    return { isNegated, text: name, meaning, words: lines.length === 1 ? first.words.slice(2) : [] };
  }
}

/** The words between `or`, which is also written `||`; within braces these mean nothing. */
function termsOf(words: readonly string[]): string[][] {
  const terms: string[][] = [[]];
  let isInside = false;
  for (const word of words) {
    if (/^!*\{$/.test(word)) isInside = true;
    else if (word === "}") isInside = false;
    if (!isInside && (word === "or" || word === "||")) terms.push([]);
    else terms.at(-1)?.push(word);
  }
  return terms;
}

/** True or false for every request; null: it depends on the request. */
export function constantCondition({ terms, isUnless }: Condition): boolean | null {
  const values = terms.map((term) => {
    const literals = term.map(({ meaning, isNegated }) => {
      const value = constantOf(meaning);
      return value === null ? null : value !== isNegated;
    });
    if (literals.includes(false)) return false;
    return literals.includes(null) ? null : true;
  });
  if (values.includes(true)) return !isUnless;
  return values.includes(null) ? null : isUnless;
}
