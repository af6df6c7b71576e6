/**
 * Gives a request's path one form, which is matched, hashed, explained, logged and sent to an origin. If these used
 * different forms, a request could pass a rule as one path and be served as another (CVE-2019-9901).
 *
 * It is the form that a URL parser leaves alone (WHATWG URL Standard, path state; RFC 3986, 5.2.4), because the
 * runtime's `fetch` is one: dot segments are resolved in all their spellings, `\` is `/`, and characters that may not
 * stand in a path are percent-encoded. Everything else stays byte for byte: `%2F`, `%61`, `//`, `;`.
 * @module
 */

/**
 * Matches a path that is already in its form, as most are: no segment begins with a dot, no character must be encoded.
 */
const TO_RESOLVE = /\/(?:\.|%2[eE])|["\\^`{}<> ]/;
/** The printable characters that the parser percent-encodes in a path. */
const TO_ENCODE = /["^`{}<> ]/g;
const ONE_DOT = /^(?:\.|%2e)$/i;
const TWO_DOTS = /^(?:\.|%2e){2}$/i;

/**
 * The path in its one form: resolved against its own root, so it never climbs above an origin's base path.
 * @param path begins with `/`; without query or fragment
 */
export function resolvePath(path: string): string {
  if (!TO_RESOLVE.test(path)) return path;
  const segments = path.replaceAll("\\", "/").replace(TO_ENCODE, percentEncoded).slice(1).split("/");
  const last = segments.length - 1;
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isUp = TWO_DOTS.test(segment);
    if (isUp) kept.pop();
    if (!isUp && !ONE_DOT.test(segment)) kept.push(segment);
    // A path that ends in a dot segment names a directory.
    else if (index === last) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/**
 * A request's URL with its path in this form; host and query stay byte for byte. `OPTIONS *` has no path, and the
 * runtime hands it over as `http://host*`: it becomes `/`, the nearest that `fetch` can send.
 */
export function resolveUrl(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return `${url.endsWith("*") ? url.slice(0, -1) : url}/`;
  if (!TO_RESOLVE.test(url)) return url;
  const query = url.indexOf("?", start);
  const end = query < 0 ? url.length : query;
  return url.slice(0, start) + resolvePath(url.slice(start, end)) + url.slice(end);
}

/**
 * A Location that begins with `/`, with one slash there: a client takes what follows two for another host. To its URL
 * parser `\` is a slash too, and tabs and line breaks are nothing.
 */
export function atSameHost(location: string): string {
  return location.replace(/^\/[/\\\t\n\r]+/, "/");
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
