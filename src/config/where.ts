/**
 * The conditions of routes, compiled once per change. A condition about an unknown property is not met, and no
 * condition ever throws.
 * @module
 */
import { cookieValues } from "../core/affinity/cookie-header.ts";
import { type AddressGroups, isInRange, parseRange } from "../core/steering/address-range.ts";
import type { ClientPlace } from "../core/steering/client-place.ts";
import { queryValues } from "./query-values.ts";
import type { RouteConfig } from "./schema.ts";

export type WhereConfig = NonNullable<RouteConfig["where"]>;
export type WhereField = keyof WhereConfig;

/**
 * The properties of a request that a condition can read. Costly ones are getters, so that they are computed only if a
 * condition reads them.
 */
export interface WhereRequest {
  readonly method: string;
  /** The trusted address; null: there is none. */
  readonly address: AddressGroups | null;
  /** As the client wrote it, without `?`; empty if there is none. */
  readonly query: string;
  /** @param name in lower case */
  header(name: string): string | null;
  readonly place: ClientPlace;
  /** The data centre that the request came to; null: unknown. */
  readonly colo: string | null;
}

type Test = (request: WhereRequest) => boolean;

interface Condition {
  readonly field: WhereField;
  readonly isMet: Test;
}

/** All must be met. Cheap conditions come first. */
export type CompiledWhere = readonly Condition[];

type Maker<F extends WhereField> = (value: NonNullable<WhereConfig[F]>) => Test;

/** In the order of evaluation: `colos` reads `request.cf` each time. */
const MAKERS: { readonly [F in WhereField]: Maker<F> } = {
  methods: (methods) => among(methods, ({ method }) => method),
  addresses: inRanges,
  headers: (headers) => allOf(headers, (request, name) => valueList(request.header(name))),
  cookies: (cookies) => allOf(cookies, (request, name) => cookieValues(request.header("cookie") ?? "", name)),
  query: (query) => allOf(query, (request, name) => queryValues(request.query, name)),
  countries: (countries) => among(countries, ({ place }) => place.country),
  continents: (continents) => among(continents, ({ place }) => place.continent),
  regions: (regions) => among(regions, ({ place }) => place.region),
  subdivisions: (subdivisions) => among(subdivisions, ({ place }) => place.subdivision),
  eu:
    (eu) =>
    ({ place }) =>
      place.eu === eu,
  asns: (asns) => among(asns, ({ place }) => place.asn),
  colos: (colos) => among(colos, ({ colo }) => colo),
};

export const WHERE_FIELDS = Object.keys(MAKERS) as WhereField[];

export function compileWhere(where: WhereConfig | null): CompiledWhere | null {
  if (where === null) return null;
  return WHERE_FIELDS.flatMap((field) => {
    const isMet = testOf(field, where);
    return isMet === null ? [] : [{ field, isMet }];
  });
}

/** The first condition that the request does not meet; null: it meets all. */
export function unmetCondition(where: CompiledWhere, request: WhereRequest): WhereField | null {
  for (const { field, isMet } of where) if (!isMet(request)) return field;
  return null;
}

function testOf<F extends WhereField>(field: F, where: WhereConfig): Test | null {
  const value: WhereConfig[F] = where[field];
  return value === null ? null : MAKERS[field](value);
}

/** @param of null: unknown, which is in no set */
function among<T>(values: readonly T[], of: (request: WhereRequest) => T | null): Test {
  const set = new Set(values);
  return (request) => {
    const value = of(request);
    return value !== null && set.has(value);
  };
}

function inRanges(texts: readonly string[]): Test {
  const ranges = texts.map(parseRange).filter((range) => range !== null);
  return ({ address }) => address !== null && ranges.some((range) => isInRange(address, range));
}

function valueList(value: string | null): readonly string[] {
  return value === null ? [] : [value];
}

/** True if every name has one of the values listed for it. */
function allOf(
  named: Readonly<Record<string, readonly string[]>>,
  valuesOf: (request: WhereRequest, name: string) => readonly string[],
): Test {
  const names = Object.entries(named).map(([name, patterns]) => ({ name, fits: anyPattern(patterns) }));
  return (request) => names.every(({ name, fits }) => valuesOf(request, name).some(fits));
}

/** A pattern: `"1"` matches exactly, `"beta*"` a prefix, `"*"` anything. */
function anyPattern(patterns: readonly string[]): (value: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return (value) => exact.has(value) || prefixes.some((prefix) => value.startsWith(prefix));
}
