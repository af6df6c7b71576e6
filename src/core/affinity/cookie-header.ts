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
  const parts = line.split(";");
  const kept = parts.filter((part) => {
    const equals = part.indexOf("=");
    return equals < 0 || !isHidden(trimBlanks(part.slice(0, equals)), part.slice(equals + 1).trim());
  });
  return kept.length === parts.length ? line : kept.join(";").trimStart();
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

function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Space and tab, the only white space a header's value can hold. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
