/**
 * Finds the pools to which an imported configuration sends a request, with the matching code of the routes.
 * @module
 */
import { parseConfigFile } from "../../src/config/parse.ts";
import { compileRoutes, implicitPool } from "../../src/config/routing.ts";
import type { RouteConfig } from "../../src/config/schema.ts";
import { type Asking, asking } from "./where-request.ts";

/**
 * In a few words: the pools in their order, such as `eu > us` (a fallback pool last), `canary:10 stable:90`, or
 * `503`, `301 https://{host}{target}`, `404` where no route matches.
 * @param url without its scheme: `www.example.com/path`
 * @throws if the configuration is not valid
 */
export function destination(config: unknown, url: string, asked: Asking = {}): string {
  const parsed = parseConfigFile(config);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  const { routes, pools } = parsed.value;
  const slash = url.indexOf("/");
  const table = compileRoutes(routes, implicitPool(Object.keys(pools)));
  const found = table.match(url.slice(0, slash), url.slice(slash), asking(asked));
  if (found === null) return "404";
  const route = routes[found.index];
  return route === undefined ? (found.pool ?? "") : inWords(route);
}

function inWords({ respond, redirect, pool, pools, split, fallback_pool }: RouteConfig): string {
  if (respond !== null) return `${respond.status}`;
  if (redirect !== null) return `${redirect.status} ${redirect.location}`;
  const shares = split?.map((item) => `${item.pool}:${item.weight}`).join(" ");
  const first = shares ?? (pools ?? [pool]).join(" > ");
  return fallback_pool === null ? first : `${first} > ${fallback_pool}`;
}
