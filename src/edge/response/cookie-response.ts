/**
 * A response that sets our cookie: the origin's own cookies stay, and no shared cache may keep it.
 * @module
 */

/** Headers for shared caches alone, some of which obey these and not Cache-Control. */
const SHARED_CACHE_HEADERS = [
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "surrogate-control",
] as const;
/** Let shared caches store, or mean something to them alone. */
const SHARED_DIRECTIVE = /^(public|s-maxage|proxy-revalidate)\s*(=|$)/i;
const ALREADY_PRIVATE = /^(private|no-store)$/i;

export function withCookie(response: Response, setCookie: string): Response {
  // Keeps the unread body, its encoding and length, and a WebSocket (docs/platform.md, body passthrough).
  const copy = new Response(response.body, response);
  copy.headers.append("set-cookie", setCookie);
  if (response.status === 101) return copy;
  keepPrivate(copy.headers);
  for (const name of SHARED_CACHE_HEADERS) copy.headers.delete(name);
  return copy;
}

/** What stands there is not written again if it may stay: bytes that are not UTF-8 would become others. */
function keepPrivate(headers: Headers): void {
  const value = headers.get("cache-control");
  const kept = privateCacheControl(value);
  if (kept === value) return;
  if (kept === `${value}, private`) headers.append("cache-control", "private");
  else headers.set("cache-control", kept);
}

/** Cache-Control without the directives that let a shared cache store the response. Stricter rules stay. */
export function privateCacheControl(value: string | null): string {
  const directives = (value ?? "").match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const kept = directives.map((each) => each.trim()).filter((each) => each !== "");
  if (value !== null && kept.some((each) => ALREADY_PRIVATE.test(each))) return value;
  return [...kept.filter((each) => !SHARED_DIRECTIVE.test(each)), "private"].join(", ");
}
