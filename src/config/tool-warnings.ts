/**
 * Warnings about a route's changes to requests and answers.
 * @module
 */
import type { RouteConfig } from "./schema.ts";
import type { ConfigWarning } from "./warnings.ts";

/** @returns paths within the route */
export function toolWarnings(route: RouteConfig): ConfigWarning[] {
  const found: ConfigWarning[] = [];
  const own = (["respond", "redirect"] as const).find((key) => route[key] !== null);
  for (const key of ["fallback_pool", "unavailable"] as const) {
    if (own !== undefined && route[key] !== null) {
      found.push({ path: [key], message: `has no effect beside ${own}: no pool is asked` });
    }
  }
  if (leadsToItself(route)) {
    const message = "leads to the same host and path, so clients go in circles";
    found.push({ path: ["redirect", "location"], message });
  }
  return found;
}

/** A route does not distinguish http from https, so a redirect to https alone comes back to it. */
function leadsToItself({ host, redirect }: RouteConfig): boolean {
  if (redirect === null) return false;
  const found = /^(?:https?:\/\/([^/{}]+|\{host\}))?\{(?:target|path)\}$/i.exec(redirect.location);
  if (found === null) return false;
  const [, to = "{host}"] = found;
  return to === "{host}" || to.toLowerCase() === host;
}
