/**
 * Conditions of routes: joined, and compared. What was tested there, such as a header, has one value in a request.
 * @module
 */
import { WHERE_FIELDS, type WhereConfig, type WhereField } from "../../../src/config/where.ts";
import { whereCovers as coversComplete } from "../../../src/config/where-cover.ts";
import { whereSchema } from "../../../src/config/where-schema.ts";
import { parseRange, rangeCovers } from "../../../src/core/steering/address-range.ts";
import type { Rule } from "./model.ts";

type Where = NonNullable<Rule["where"]>;
type Named = NonNullable<Where["headers"]>;
/** True if who meets the entry `inner` of a list meets `outer` as well. Of two entries one covers the other, or nothing meets both. */
type Covers = (outer: unknown, inner: unknown) => boolean;

/** As many as `addresses` of one route may have. */
export const MOST_ADDRESSES = 100;

const BY_NAME = ["headers", "cookies", "query"] as const;

/** `where` if it is one that a route may have, else null: a code that is not known, for example. */
export function validWhere(where: Where): Rule["where"] {
  return whereSchema.safeParse(where).success ? where : null;
}

/**
 * The condition that is met where both are; null: always.
 * @returns undefined if no request meets both
 */
export function bothWheres(one: Rule["where"], other: Rule["where"]): Rule["where"] | undefined {
  if (one === null || other === null) return one ?? other;
  const fields = WHERE_FIELDS.map((field) => [field, bothValues(field, one, other)] as const);
  if (fields.some(([, value]) => value === undefined)) return undefined;
  return Object.fromEntries(fields.filter(([, value]) => value !== null)) as Where;
}

/** True if every request that meets `inner` meets `outer`. */
export function whereCovers(outer: Rule["where"], inner: Rule["where"]): boolean {
  return outer === inner || coversComplete(outer && complete(outer), inner && complete(inner));
}

/** Null: neither says anything; undefined: no value meets both. */
function bothValues(field: WhereField, one: Where, other: Where): unknown {
  const [value, further] = [one[field] ?? null, other[field] ?? null];
  if (value === null || further === null) return value ?? further;
  if (Array.isArray(value) && Array.isArray(further))
    return bothLists<unknown>(value, further, field === "addresses" ? addressCovers : Object.is);
  if (typeof value === "object" && typeof further === "object")
    return bothNamed(value as Named, further as Named);
  return value === further ? value : undefined;
}

function bothNamed(one: Named, other: Named): Named | undefined {
  const joined = new Map(Object.entries(one));
  for (const [name, values] of Object.entries(other)) {
    const before = joined.get(name);
    const both = before === undefined ? values : bothLists([before].flat(), [values].flat(), valueCovers);
    if (both === undefined) return undefined;
    joined.set(name, both);
  }
  return Object.fromEntries(joined);
}

function bothLists<T>(one: readonly T[], other: readonly T[], covers: Covers): T[] | undefined {
  const common = one.flatMap((a) => other.flatMap((b) => (covers(a, b) ? [b] : covers(b, a) ? [a] : [])));
  const list = [...new Set(common)];
  const widest = list.filter((entry) => !list.some((wider) => wider !== entry && covers(wider, entry)));
  return widest.length === 0 ? undefined : widest;
}

function valueCovers(outer: unknown, inner: unknown): boolean {
  const [wide, narrow] = [String(outer), String(inner)];
  return wide === narrow || (wide.endsWith("*") && narrow.startsWith(wide.slice(0, -1)));
}

function addressCovers(outer: unknown, inner: unknown): boolean {
  const [wide, narrow] = [parseRange(String(outer)), parseRange(String(inner))];
  return wide !== null && narrow !== null && rangeCovers(wide, narrow);
}

const NO_CONDITIONS = Object.fromEntries(WHERE_FIELDS.map((field) => [field, null]));

/** With what is absent, and lists of one value written as lists. */
function complete(where: Where): WhereConfig {
  const lists = BY_NAME.map((field) => [field, inLists(where[field] ?? null)] as const);
  return { ...NO_CONDITIONS, ...where, ...Object.fromEntries(lists) } as WhereConfig;
}

function inLists(named: Named | null): Record<string, string[]> | null {
  if (named === null) return null;
  return Object.fromEntries(Object.entries(named).map(([name, values]) => [name, [values].flat()]));
}
