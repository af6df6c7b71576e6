/**
 * Decides where the admin API is open: at one host name, and never over a connection on which a token would cross a
 * network in the clear.
 * @module
 */
import { isLoopback } from "../../config/urls.ts";
import type { Env } from "../../platform/env.ts";
import { Problem } from "../http/problems.ts";
import { hasText } from "../http/tokens.ts";

/** A browser that has been here asks for nothing of this host over plain http for a year (RFC 6797). */
const HSTS = "max-age=31536000";
/** Requests that a person opens by hand, or that our page loads. */
const PAGE = /^\/_lb\/?$|^\/_lb\/(?:login|assets\/[^/]*)$/;

/** False: `ADMIN_HOST` binds `/_lb` to another host name, so that here it does not exist. */
export function isAdminHost(request: Request, env: Env): boolean {
  if (!hasText(env.ADMIN_HOST)) return true;
  return hostOf(new URL(request.url)) === hostOf(URL.parse(`https://${env.ADMIN_HOST}`));
}

/**
 * Redirects a page that was requested over plain http to https; null if the connection is safe. Loopback is safe,
 * because requests to it do not leave the machine.
 * @throws Problem for everything else over plain http
 */
export function leadToHttps(request: Request): Response | null {
  const url = new URL(request.url);
  if (url.protocol === "https:" || isLoopback(url.hostname)) return null;
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead || !PAGE.test(url.pathname)) throw new Problem("https_required");
  url.protocol = "https:";
  url.port = "";
  return new Response(null, { status: 308, headers: { location: url.href, "cache-control": "no-store" } });
}

/** Browsers obey this header over https only, so it is sent only there. */
export function keepToHttps(request: Request, response: Response): void {
  if (request.url.startsWith("https:")) response.headers.set("strict-transport-security", HSTS);
}

function hostOf(url: URL | null): string | null {
  return url === null ? null : url.hostname.replace(/\.$/, "");
}
