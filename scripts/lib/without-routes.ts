/**
 * Describes where requests go in a configuration without routes.
 * @module
 */
import { implicitPool } from "../../src/config/routing.ts";
import type { ConfigFile } from "../../src/config/schema.ts";

/** The reason why requests would reach no pool; null: they reach one, or there is no pool. */
export function goesNowhere({ routes, pools }: ConfigFile): string | null {
  const ids = Object.keys(pools);
  if (routes.length > 0 || ids.length < 2 || implicitPool(ids) !== null) return null;
  return `no routes, and none of the pools ${ids.join(", ")} is called default, so that every request would be answered 404. Write routes`;
}
