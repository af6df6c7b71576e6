/**
 * Finds where a text stops being JSON. The runtime's own messages quote the text, which may be a secret, and do not always
 * say where.
 * @module
 */
import { commentEnd, stringEnd } from "./json.ts";

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** Below it characters must be escaped. */
const FIRST_PLAIN = 0x20;

type Expected = "value" | "key" | "colon" | "comma";

/**
 * `line 3, column 5`: of the first place at which `text`, JSON perhaps with comments and trailing commas, is none. Linear in
 * its length.
 */
export function brokenPlace(text: string): string {
  const lines = text.slice(0, brokenOffset(text)).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

function brokenOffset(text: string): number {
  const around: string[] = [];
  let expected: Expected = "value";
  for (let at = pastBlanks(text, 0); at < text.length; at = pastBlanks(text, at)) {
    const mark = text[at] ?? "";
    const top = around.at(-1);
    if (mark === (top === "{" ? "}" : "]") && mayEnd(expected, top)) {
      around.pop();
      expected = "comma";
      at++;
    } else if (expected === "value" && (mark === "{" || mark === "[")) {
      around.push(mark);
      expected = mark === "{" ? "key" : "value";
      at++;
    } else {
      const end = endOf(text, at, expected);
      if (end === at || (expected === "comma" && top === undefined)) return at;
      if (expected === "comma") expected = top === "{" ? "key" : "value";
      else expected = expected === "key" ? "colon" : expected === "colon" ? "value" : "comma";
      at = end;
    }
  }
  return text.length;
}

/** A comma before the end of a list or an object is no error. */
function mayEnd(expected: Expected, top: string | undefined): boolean {
  if (top === undefined) return false;
  return expected === "comma" || expected === "key" || (expected === "value" && top === "[");
}

/** The end of what is expected at `at`; `at`: it is something else. */
function endOf(text: string, at: number, expected: Expected): number {
  if (expected === "comma" || expected === "colon")
    return text[at] === (expected === "comma" ? "," : ":") ? at + 1 : at;
  if (text[at] === '"') return isGoodString(text, at) ? stringEnd(text, at) : at;
  if (expected === "key") return at;
  LITERAL.lastIndex = at;
  return LITERAL.test(text) ? LITERAL.lastIndex : at;
}

function isGoodString(text: string, start: number): boolean {
  for (let at = start + 1; at < text.length; ) {
    if (text[at] === '"') return true;
    if (text.charCodeAt(at) < FIRST_PLAIN) return false;
    ESCAPE.lastIndex = at;
    if (text[at] !== "\\") at++;
    else if (ESCAPE.test(text)) at = ESCAPE.lastIndex;
    else return false;
  }
  return false;
}

function pastBlanks(text: string, start: number): number {
  let at = start;
  for (let end = at; at < text.length; at = end) {
    end = " \t\n\r".includes(text[at] ?? "") ? at + 1 : commentEnd(text, at);
    // A comment that is never closed begins what is wrong.
    if (end === at || end > text.length) return at;
  }
  return at;
}
