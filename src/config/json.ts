/** Parses JSON from outside without throwing. @module */

/** Undefined, which no schema accepts, if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same for a document that somebody wrote: comments, and a comma before the end of a list or an object, are no errors. */
export function parseJsonc(text: string): unknown {
  const value = parseJson(text);
  return value === undefined ? parseJson(plainJson(text)) : value;
}

/** JSON with comments and trailing commas as JSON without them; what is wrong in it stays wrong. Linear in its length. */
export function plainJson(text: string): string {
  return without(without(text, commentEnd), trailingCommaEnd);
}

/** @param endOf the end of what goes and begins at `at`; `at`: nothing does */
function without(text: string, endOf: (text: string, at: number) => number): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      at = stringEnd(text, at);
      continue;
    }
    const end = endOf(text, at);
    if (end === at) at++;
    else {
      // A comment without an end stays an error.
      kept.push(text.slice(from, at), end > text.length ? "/" : " ");
      from = at = end;
    }
  }
  return kept.join("") + text.slice(from);
}

/** The end of the string that begins at `start`. */
export function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** The end of the comment that begins at `at`; `at`: none does. */
export function commentEnd(text: string, at: number): number {
  if (text[at] !== "/") return at;
  if (text[at + 1] === "/") {
    let end = at + 2;
    while (end < text.length && text[end] !== "\n" && text[end] !== "\r") end++;
    return end;
  }
  if (text[at + 1] !== "*") return at;
  const end = text.indexOf("*/", at + 2);
  return end < 0 ? text.length + 1 : end + 2;
}

function trailingCommaEnd(text: string, at: number): number {
  if (text[at] !== ",") return at;
  const [before, after] = [neighbour(text, at, -1), neighbour(text, at, 1)];
  const isTrailing = (after === "]" || after === "}") && !"[{,:".includes(before);
  return isTrailing ? at + 1 : at;
}

/** The next character that is no blank; `,` beyond the text. */
function neighbour(text: string, start: number, step: 1 | -1): string {
  let at = start + step;
  while (" \t\n\r".includes(text[at] ?? ",")) at += step;
  return text[at] ?? ",";
}
