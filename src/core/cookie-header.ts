/**
 * Looks for one cookie in a Cookie header, without taking the header apart (RFC 6265, 4.2.1: `a=1; b=2`).
 * @module
 */

/** The values of the cookies called `name`, in their order: clients send one for each path and domain it was set for. */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = [];
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at + 1)) {
    const valueAt = startOfValue(header, at, name.length);
    if (valueAt < 0) continue;
    const end = header.indexOf(";", valueAt);
    values.push(header.slice(valueAt, end < 0 ? undefined : end).trim());
  }
  return values;
}

/** The first cookie called `name`, or null. */
export function cookieValue(header: string, name: string): string | null {
  return cookieValues(header, name)[0] ?? null;
}

/** `header` without the cookies called `name`; everything else stays byte for byte. Empty if nothing is left. */
export function withoutCookie(header: string, name: string): string {
  const parts = header.split(";");
  const kept = parts.filter((part) => nameOf(part) !== name);
  return kept.length === parts.length ? header : kept.join(";").trimStart();
}

/** Where the value begins if a cookie of that name begins at `at`, or -1. */
function startOfValue(header: string, at: number, nameLength: number): number {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
  if (before >= 0 && header[before] !== ";") return -1;
  let after = at + nameLength;
  while (after < header.length && isBlank(header.charCodeAt(after))) after++;
  return header[after] === "=" ? after + 1 : -1;
}

function nameOf(part: string): string {
  const equals = part.indexOf("=");
  return equals < 0 ? "" : part.slice(0, equals).replace(/^[ \t]+|[ \t]+$/g, "");
}

/** Space and tab, the only white space a header's value can hold. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
