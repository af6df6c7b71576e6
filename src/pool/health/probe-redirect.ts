/**
 * Decides how a probe follows a redirect. Its headers may be credentials of the origin, so they stay with the origin.
 * @module
 */
import { hasLocalHost } from "../../config/urls.ts";

export interface ProbeRequest {
  url: string;
  method: string;
  /** As configured; empty once a redirect has left the origin. */
  headers: Readonly<Record<string, string>>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * The request that follows, as fetch makes it (fetch.spec.whatwg.org, 4.4, "HTTP-redirect fetch"), but with stricter
 * rules for where it may lead; or, as a text, why it does not follow.
 */
export function redirected(from: ProbeRequest, status: number, location: string): ProbeRequest | string {
  const [before, after] = [new URL(from.url), URL.parse(location, from.url)];
  if (after === null || !/^https?:$/.test(after.protocol))
    return "a redirect to what is no http or https URL";
  if (after.username !== "" || after.password !== "") return "a redirect to a URL with credentials";
  if (before.protocol === "https:" && after.protocol === "http:") return "a redirect from https to http";
  // An origin with a name has no business at an address that only means something where the probe is sent from.
  if (hasLocalHost(after.href) && !hasLocalHost(before.href)) return "a redirect to a local address";
  const becomesGet = (status === 303 && from.method !== "HEAD") || (status <= 302 && from.method === "POST");
  return {
    url: after.href,
    method: becomesGet ? "GET" : from.method,
    headers: after.origin === before.origin ? from.headers : {},
  };
}
