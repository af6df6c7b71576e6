/**
 * Finds cookies in a Cookie header (RFC 6265, 4.2.1: `a=1; b=2`), and removes some of them.
 *
 * A client may send several Cookie lines, which the runtime joins by `, ` (docs/platform.md, headers). A cookie's value
 * should have no comma, and some have: `, ` begins another line only where a cookie's name and `=` follow, and not within
 * a quoted value.
 * @module
 */

/** The pattern reads no character twice, however many blanks, commas and quotes a client sends. */
const QUOTED_OR_JOIN = /"[^";]*"|;?,[ \t]+(?=[^\s;,="]+[ \t]*=)/g;

/** Joins the lines of a Cookie header to one, cookies separated by `; ` as RFC 9113, 8.2.3 asks. */
export function inOneLine(header: string): string {
  if (!header.includes(", ")) return header;
  return header.replace(QUOTED_OR_JOIN, (found) => (found.startsWith('"') ? found : "; "));
}

/**
 * The values of the cookies called `name`, in their order. A client sends one for each path and domain that it was set
 * for.
 */
export function cookieValues(header: string, name: string): string[] {
  const line = inOneLine(header);
  const values: string[] = [];
  for (let at = line.indexOf(name); at >= 0; at = line.indexOf(name, at + 1)) {
    const valueAt = startOfValue(line, at, name.length);
    if (valueAt < 0) continue;
    const end = line.indexOf(";", valueAt);
    values.push(line.slice(valueAt, end < 0 ? undefined : end).trim());
  }
  return values;
}

/** The first cookie called `name`, or null. */
export function cookieValue(header: string, name: string): string | null {
  return cookieValues(header, name)[0] ?? null;
}

/**
 * The header in one line, without the cookies that `isHidden`; the others stay byte for byte. Empty if nothing is left.
 */
export function withoutCookies(header: string, isHidden: (name: string, value: string) => boolean): string {
  const line = inOneLine(header);
  let kept = "";
  /** Up to there all that is kept is in `kept`. */
  let takenTo = 0;
  let equals = -1;
  for (let start = 0, end = 0; start <= line.length; start = end + 1) {
    end = indexOrEnd(line, ";", start);
    if (equals < start) equals = indexOrEnd(line, "=", start);
    if (equals >= end) continue;
    if (!isHidden(trimmed(line, start, equals), line.slice(equals + 1, end).trim())) continue;
    kept += line.slice(takenTo, start);
    takenTo = end + 1;
  }
  if (takenTo === 0) return line;
  // The semicolon before the last part goes with it.
  return (takenTo > line.length ? kept.slice(0, -1) : kept + line.slice(takenTo)).trimStart();
}

function indexOrEnd(text: string, searched: string, from: number): number {
  const index = text.indexOf(searched, from);
  return index < 0 ? text.length : index;
}

/** The index of the value if a cookie of that name begins at `at`, or -1. */
function startOfValue(line: string, at: number, nameLength: number): number {
  let before = at - 1;
  while (before >= 0 && isBlank(line.charCodeAt(before))) before--;
  if (before >= 0 && line[before] !== ";") return -1;
  let after = at + nameLength;
  while (after < line.length && isBlank(line.charCodeAt(after))) after++;
  return line[after] === "=" ? after + 1 : -1;
}

/** The part from `start` to `end`, without blanks around it. */
function trimmed(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** Space and tab, the only white space a header's value can hold. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
