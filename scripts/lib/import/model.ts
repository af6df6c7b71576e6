/**
 * What the old system does, whichever it was: which requests it knows, and what it does with each. An importer makes
 * sites and rules of its files; `routes.ts` makes routes of these.
 * @module
 */
import type { RouteDocument } from "./result.ts";

/** A pool, an answer or a redirect, with the changes on the way: a route without its conditions. */
export type Action = Omit<RouteDocument, "host" | "path" | "where">;

/** Some requests of a site, and what becomes of them. */
export interface Rule {
  /** As in a route; null: any. */
  readonly path: string | null;
  /** Further conditions; null: none. */
  readonly where: NonNullable<RouteDocument["where"]> | null;
  readonly action: Action;
}

/**
 * Hosts that the old system serves alike. A request to one of them that no rule matches is answered 404: it never goes
 * on to a site with a wider host.
 */
export interface Site {
  /** As in a route; null: every host that no other site has. */
  readonly hosts: readonly (string | null)[];
  /** The first one that matches decides. */
  readonly rules: readonly Rule[];
}

/** What stays closed: no origin sees the request. */
export function closed(status = 404): Action {
  return { respond: { status } };
}
