/**
 * A server's locations as paths of routes, in the order in which routes are tried. Every path that any location names is a
 * region, for which nginx's own search says what happens there.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import { type Location, locationFor } from "./locations.ts";

export interface Region {
  /** A route's path; null: any. */
  readonly path: string | null;
  /** null: none; nginx looked for files. */
  readonly location: Location | null;
}

/** Paths that nginx and the regions treat differently. */
export interface Difference {
  readonly location: Location;
  /** An example. */
  readonly path: string;
  /** Where nginx sent it; null: nowhere. */
  readonly there: Location | null;
  /** Where it goes here; null: nowhere. */
  readonly here: Location | null;
}

export interface Regions {
  readonly regions: readonly Region[];
  readonly differences: readonly Difference[];
  /** The locations of which no path of a route can speak. */
  readonly unsaid: readonly Location[];
}

/** A part of a path that no location names. */
const OTHER = "~other";

export function regionsOf(locations: readonly Location[]): Regions {
  const patterns = locations.flatMap(({ paths }) => paths ?? []);
  const valid = patterns.filter(({ path }) => isRoutePath(path));
  const prefixes = [
    ...new Set(valid.filter(({ kind }) => kind !== "exact").map(({ path }) => withoutSlash(path))),
  ];
  const exact = new Set(valid.filter(({ kind }) => kind === "exact").map(({ path }) => path));
  // A prefix that ends in a slash does not match the path without it, which `/p/*` does.
  for (const { kind, path } of valid)
    if (kind === "beginning" && path.length > 1) exact.add(withoutSlash(path));
  const find = (path: string) => locationFor(path, locations);
  const below: Region[] = byLength(prefixes).flatMap((prefix) => {
    const location = find(`${prefix}/${OTHER}`);
    return location === null ? [] : [{ path: prefix === "" ? null : `${prefix}/*`, location }];
  });
  const at: Region[] = byLength([...exact]).flatMap((path) => {
    const location = find(path);
    return isSlashRedirect(path, location, locations) ? [] : [{ path, location }];
  });
  const regions = [...at, ...below];
  const isUnsaid = ({ paths }: Location) =>
    paths === null || paths.some((pattern) => !isRoutePath(pattern.path));
  return {
    regions,
    differences: differencesOf(locations, regions, find),
    unsaid: locations.filter(isUnsaid),
  };
}

/** nginx redirects `/p` to `/p/` by itself where a request below is passed on; the origin does that as well. */
function isSlashRedirect(path: string, found: Location | null, locations: readonly Location[]): boolean {
  if (found?.modifier === "=") return false;
  const below = locations.find(
    ({ modifier, uri }) => uri === `${path}/` && (modifier === "" || modifier === "^~"),
  );
  return below?.block.some(({ name }) => /_pass$/.test(name)) === true;
}

/** Leaves out the regions that say the same as the wider one that they lie in. */
export function withoutRepeats(
  regions: readonly Region[],
  isSame: (one: Location | null, other: Location | null) => boolean,
): Region[] {
  return regions.filter(({ path, location }, index) => {
    const wider = regions.slice(index + 1).find((other) => contains(other.path, path ?? "/*"));
    return !isSame(wider?.location ?? null, location);
  });
}

/** True if the route's path `outer` matches all that `inner` does. */
function contains(outer: string | null, inner: string): boolean {
  if (outer === null) return true;
  if (!outer.endsWith("/*")) return false;
  const base = outer.slice(0, -2);
  return inner === base || inner.startsWith(`${base}/`);
}

/** The location that a path goes to by the regions. */
export function locationHere(path: string, regions: readonly Region[]): Location | null {
  const region = regions.find((each) => each.path === path || contains(each.path, path));
  return region?.location ?? null;
}

/** nginx's prefixes end anywhere: `/p` takes `/p-and-more` too, and a route's `/p/*` does not. */
function differencesOf(
  locations: readonly Location[],
  regions: readonly Region[],
  find: (path: string) => Location | null,
): Difference[] {
  return locations.flatMap((location) =>
    (location.paths ?? []).flatMap(({ kind, path }): Difference[] => {
      if (kind !== "beginning" || path.endsWith("/")) return [];
      const example = `${path}-and-more`;
      const [there, here] = [find(example), locationHere(example, regions)];
      return there === here ? [] : [{ location, path: example, there, here }];
    }),
  );
}

function isRoutePath(path: string): boolean {
  return path === "/" || (!path.endsWith("*") && routeSchema.shape.path.safeParse(path).success);
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, "");
}

/** The longest first: what matches less is tried before. */
function byLength(paths: readonly string[]): string[] {
  return [...paths].sort((a, b) => b.length - a.length);
}
