/**
 * Which requests a rule is about, by path and further conditions, and what two rules have in common.
 * @module
 */
import type { Rule } from "./model.ts";
import { bothWheres, whereCovers } from "./where.ts";

export type Match = Pick<Rule, "path" | "where">;

export const EVERY: Match = { path: null, where: null };

/** The requests that both match; null: none. */
export function both(one: Match, other: Match): Match | null {
  const path = bothPaths(one.path, other.path);
  const where = path === undefined ? undefined : bothWheres(one.where, other.where);
  return path === undefined || where === undefined ? null : { path, where };
}

/** True if `outer` matches every request that `inner` does. */
export function covers(outer: Match, inner: Match): boolean {
  return pathCovers(outer.path, inner.path) && whereCovers(outer.where, inner.where);
}

/** @returns undefined if no path is in both */
function bothPaths(one: Rule["path"], other: Rule["path"]): Rule["path"] | undefined {
  if (pathCovers(one, other)) return other;
  return pathCovers(other, one) ? one : undefined;
}

function pathCovers(outer: Rule["path"], inner: Rule["path"]): boolean {
  if (outer === null || outer === inner) return true;
  if (inner === null || !outer.endsWith("/*")) return false;
  const base = outer.slice(0, -2);
  const rest = inner.endsWith("/*") ? inner.slice(0, -2) : inner;
  return rest === base || rest.startsWith(`${base}/`);
}
