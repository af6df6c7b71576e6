/**
 * Which requests a rule is about, by path and further conditions, and what two rules have in common.
 * @module
 */
import { parseRange, rangeCovers } from "../../../src/core/steering/address-range.ts";
import type { Rule } from "./model.ts";

export type Match = Pick<Rule, "path" | "where">;
type Where = NonNullable<Rule["where"]>;
type Covers = (outer: string, inner: string) => boolean;

export const EVERY: Match = { path: null, where: null };

/** The requests that both match; null: none. */
export function both(one: Match, other: Match): Match | null {
  const path = bothPaths(one.path, other.path);
  const where = bothWheres(one.where, other.where);
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

const SAME: Covers = (outer, inner) => outer === inner;
/** The fields of `where` that matches have, beside those by name. */
const LISTS = [
  ["methods", SAME],
  ["addresses", addressCovers],
] as const;

/** @returns undefined if no request meets both */
function bothWheres(one: Rule["where"], other: Rule["where"]): Rule["where"] | undefined {
  if (one === null || other === null) return one ?? other;
  const joined: Where = { ...one, ...other };
  for (const field of ["headers", "cookies", "query"] as const) {
    if (!one[field] || !other[field]) continue;
    const named = bothNamed(one[field], other[field]);
    if (named === null) return undefined;
    joined[field] = named;
  }
  for (const [field, covering] of LISTS) {
    if (!one[field] || !other[field]) continue;
    const list = bothLists(one[field], other[field], covering);
    if (list.length === 0) return undefined;
    joined[field] = list;
  }
  return joined;
}

function whereCovers(outer: Rule["where"], inner: Rule["where"]): boolean {
  if (outer === null || outer === inner) return true;
  if (inner === null) return false;
  const named = (["headers", "cookies", "query"] as const).every((field) =>
    Object.entries(outer[field] ?? {}).every(([name, values]) =>
      listCovers([values].flat(), [inner[field]?.[name] ?? []].flat(), valueCovers),
    ),
  );
  const lists = LISTS.every(
    ([field, covering]) => !outer[field] || listCovers(outer[field], inner[field] ?? [], covering),
  );
  return named && lists;
}

/** @param inner empty: no condition */
function listCovers(outer: readonly string[], inner: readonly string[], covering: Covers): boolean {
  return inner.length > 0 && inner.every((narrow) => outer.some((wide) => covering(wide, narrow)));
}

type Named = NonNullable<Where["headers"]>;

function bothNamed(one: Named, other: Named): Named | null {
  const joined: Named = { ...one, ...other };
  for (const name of Object.keys(one)) {
    if (!Object.hasOwn(other, name)) continue;
    const list = bothLists([one[name] ?? []].flat(), [other[name] ?? []].flat(), valueCovers);
    if (list.length === 0) return null;
    joined[name] = list;
  }
  return joined;
}

/** Of two entries one covers the other, or they have nothing in common. */
function bothLists(one: readonly string[], other: readonly string[], covering: Covers): string[] {
  const common = one.flatMap((a) => other.flatMap((b) => (covering(a, b) ? [b] : covering(b, a) ? [a] : [])));
  const list = [...new Set(common)];
  return list.filter((entry) => !list.some((wider) => wider !== entry && covering(wider, entry)));
}

function valueCovers(outer: string, inner: string): boolean {
  return outer === inner || (outer.endsWith("*") && inner.startsWith(outer.slice(0, -1)));
}

function addressCovers(outer: string, inner: string): boolean {
  const [wide, narrow] = [parseRange(outer), parseRange(inner)];
  return wide !== null && narrow !== null && rangeCovers(wide, narrow);
}
