/**
 * Recognizes requests that another site makes a browser send, with the browser's cookies for this host.
 * @module
 */
import { SESSION_HEADER } from "../../contract/dashboard.ts";

export function changesNothing(request: Request): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

/** True if the browser says that the request is another site's. Other tools than browsers do not say. */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = request.headers.get("origin");
  return origin !== null && origin !== new URL(request.url).origin;
}

/** A write that only this site's own script can have made. */
export function isOwnScript(request: Request): boolean {
  return !isCrossSite(request) && request.headers.has(SESSION_HEADER);
}
