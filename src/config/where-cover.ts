/**
 * Compares conditions of routes: which ones cover others, and which can never be met.
 * @module
 */
import { parseRange, rangeCovers } from "../core/steering/address-range.ts";
import { clientPlace } from "../core/steering/client-place.ts";
import { WHERE_FIELDS, type WhereConfig, type WhereField } from "./where.ts";

type Values = readonly (string | number)[];
type Named = Readonly<Record<string, readonly string[]>>;

/** True if every request that meets `inner` is sure to meet `outer`. Null: no conditions. */
export function whereCovers(outer: WhereConfig | null, inner: WhereConfig | null): boolean {
  if (outer === null) return true;
  if (inner === null) return false;
  return WHERE_FIELDS.every((field) => fieldCovers(outer, inner, field));
}

function fieldCovers(outer: WhereConfig, inner: WhereConfig, field: WhereField): boolean {
  if (outer[field] === null) return true;
  if (inner[field] === null) return false;
  switch (field) {
    case "eu":
      return outer.eu === inner.eu;
    case "addresses":
      return rangesCover(outer.addresses ?? [], inner.addresses ?? []);
    case "headers":
    case "cookies":
    case "query":
      return namedCover(outer[field] ?? {}, inner[field] ?? {});
    default:
      return valuesCover(outer[field] ?? [], inner[field] ?? []);
  }
}

/** Of each list once: each of a thousand routes is compared with all before it. */
function onceForEach<L extends object, T>(make: (list: L) => T): (list: L) => T {
  const made = new WeakMap<L, T>();
  return (list) => {
    const known = made.get(list) ?? make(list);
    made.set(list, known);
    return known;
  };
}

const setOf = onceForEach((values: Values): ReadonlySet<string | number> => new Set(values));
const rangesOf = onceForEach((texts: readonly string[]) => texts.map(parseRange));

function valuesCover(outer: Values, inner: Values): boolean {
  const known = setOf(outer);
  return inner.every((value) => known.has(value));
}

function rangesCover(outer: readonly string[], inner: readonly string[]): boolean {
  const ranges = rangesOf(outer);
  return rangesOf(inner).every(
    (range) => range !== null && ranges.some((each) => each !== null && rangeCovers(each, range)),
  );
}

function namedCover(outer: Named, inner: Named): boolean {
  return Object.entries(outer).every(([name, patterns]) => {
    const narrower = Object.hasOwn(inner, name) ? inner[name] : undefined;
    return narrower?.every((pattern) => patternsCover(setOf(patterns), pattern)) ?? false;
  });
}

/** True if every value that `inner` stands for is one that `outer` names, by itself or by a prefix of it. */
function patternsCover(outer: ReadonlySet<string | number>, inner: string): boolean {
  if (outer.has(inner)) return true;
  for (let end = 0; end <= inner.length; end++) if (outer.has(`${inner.slice(0, end)}*`)) return true;
  return false;
}

/** The reason why no client can meet the conditions; null: one may. Uses only what follows from a client's country. */
export function contradiction({ countries, regions, subdivisions }: WhereConfig): string | null {
  if (countries === null) return null;
  if (subdivisions !== null && !subdivisions.some((code) => countries.includes(code.slice(0, 2)))) {
    return "none of its subdivisions is in one of its countries";
  }
  if (regions === null) return null;
  const possible: (string | null)[] = countries.flatMap(
    (country): readonly (string | null)[] => REGIONS_OF[country] ?? [clientPlace({ country }).region],
  );
  return regions.some((region) => possible.includes(region))
    ? null
    : "none of its countries is in one of its regions";
}

/** The regions of countries that lie in several. */
const REGIONS_OF: Readonly<Record<string, readonly string[]>> = {
  US: ["wnam", "enam", "oc"],
  CA: ["wnam", "enam"],
  RU: ["eeu", "neas"],
};
