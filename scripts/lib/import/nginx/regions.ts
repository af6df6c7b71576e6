/**
 * A server's locations as paths of routes, in the order in which routes are tried. Every path that any location names is a
 * region, for which nginx's own search says what happens there.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import { LocationIndex } from "./location-index.ts";
import type { Location } from "./locations.ts";

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
  readonly regions: RegionIndex;
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
  const index = new LocationIndex(locations);
  const find = (path: string) => index.find(path);
  const below: Region[] = byLength(prefixes).flatMap((prefix) => {
    const location = find(`${prefix}/${OTHER}`);
    return location === null ? [] : [{ path: prefix === "" ? null : `${prefix}/*`, location }];
  });
  const at: Region[] = byLength([...exact]).flatMap((path) => {
    const location = find(path);
    return isSlashRedirect(path, location, index) ? [] : [{ path, location }];
  });
  const regions = new RegionIndex(at, below);
  const isUnsaid = ({ paths }: Location) =>
    paths === null || paths.some((pattern) => !isRoutePath(pattern.path));
  return {
    regions,
    differences: differencesOf(locations, regions, find),
    unsaid: locations.filter(isUnsaid),
  };
}

/** nginx redirects `/p` to `/p/` by itself where a request below is passed on; the origin does that as well. */
function isSlashRedirect(path: string, found: Location | null, index: LocationIndex): boolean {
  if (found?.modifier === "=") return false;
  const below = index.prefix(`${path}/`);
  return below?.block.some(({ name }) => /_pass$/.test(name)) === true;
}

/** Regions in the order in which routes are tried: single paths, and then those of what is below a path, the longest first. */
export class RegionIndex {
  readonly #all: readonly Region[];
  readonly #at: ReadonlyMap<string | null, Region>;
  /** By the path without what stands for the rest of it; any path is "". */
  readonly #below: ReadonlyMap<string, Region>;
  readonly #longestBelow: number;

  constructor(at: readonly Region[], below: readonly Region[]) {
    this.#all = [...at, ...below];
    this.#at = new Map(at.map((region) => [region.path, region]));
    this.#below = new Map(below.map((region) => [baseOf(region.path), region]));
    this.#longestBelow = below.reduce((most, { path }) => Math.max(most, baseOf(path).length), 0);
  }

  /** The location that a path goes to by the regions. */
  here(path: string): Location | null {
    return (this.#at.get(path) ?? this.#around(path))?.location ?? null;
  }

  /** Without the regions that say the same as the wider one that they lie in. */
  withoutRepeats(isSame: (one: Location | null, other: Location | null) => boolean): Region[] {
    return this.#all.filter((region) => {
      const wider = region.path === null ? undefined : this.#wider(region, region.path);
      return !isSame(wider?.location ?? null, region.location);
    });
  }

  #wider(region: Region, path: string): Region | undefined {
    if (this.#at.get(path) === region) return this.#around(path);
    const base = baseOf(path);
    return base === "" ? undefined : this.#around(base.slice(0, base.lastIndexOf("/")));
  }

  /** The narrowest of those of what is below a path, in which `path` lies. */
  #around(path: string): Region | undefined {
    const longest = this.#longestBelow;
    const start = path.length <= longest ? path.length : path.lastIndexOf("/", longest);
    for (let end = start; end >= 0; end = end === 0 ? -1 : path.lastIndexOf("/", end - 1)) {
      const region = this.#below.get(path.slice(0, end));
      if (region !== undefined) return region;
    }
    return this.#below.get("");
  }
}

/** Of `/p/*`: `/p`. */
function baseOf(path: string | null): string {
  return path === null ? "" : path.slice(0, -2);
}

/** nginx's prefixes end anywhere: `/p` takes `/p-and-more` too, and a route's `/p/*` does not. */
function differencesOf(
  locations: readonly Location[],
  regions: RegionIndex,
  find: (path: string) => Location | null,
): Difference[] {
  return locations.flatMap((location) =>
    (location.paths ?? []).flatMap(({ kind, path }): Difference[] => {
      if (kind !== "beginning" || path.endsWith("/")) return [];
      const example = `${path}-and-more`;
      const [there, here] = [find(example), regions.here(example)];
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
