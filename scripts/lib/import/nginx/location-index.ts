/**
 * nginx's search for the location of a path. It is asked for each path that any location names, so a search does not look at
 * all of them.
 * @module
 */
import { isPrefix, type Location } from "./locations.ts";

/** Where each text stands first, and of which lengths these are. */
class Beginnings<T> {
  readonly #byText = new Map<string, T>();
  #lengths: readonly number[] | null = null;

  /** The first one of a text stays. */
  add(text: string, value: T): void {
    if (!this.#byText.has(text)) this.#byText.set(text, value);
    this.#lengths = null;
  }

  get(text: string): T | undefined {
    return this.#byText.get(text);
  }

  /** Of each text that `path` begins with, the longest first. */
  *of(path: string): Generator<{ length: number; value: T }> {
    this.#lengths ??= [...new Set([...this.#byText.keys()].map(({ length }) => length))].sort(
      (a, b) => b - a,
    );
    for (const length of this.#lengths) {
      const value = length > path.length ? undefined : this.#byText.get(path.slice(0, length));
      if (value !== undefined) yield { length, value };
    }
  }
}

export class LocationIndex {
  readonly #locations: readonly Location[];
  readonly #exact = new Map<string, Location>();
  readonly #prefixes = new Beginnings<Location>();
  /** Places of regular expressions in `#locations`, by the paths, beginnings, and whole segments that they match. */
  readonly #paths = new Map<string, number>();
  readonly #beginnings = new Beginnings<number>();
  readonly #segments = new Beginnings<number>();

  constructor(locations: readonly Location[]) {
    this.#locations = locations;
    for (const [place, location] of locations.entries()) {
      const { modifier, uri } = location;
      if (modifier === "=") {
        if (!this.#exact.has(uri)) this.#exact.set(uri, location);
      } else if (isPrefix(location)) this.#prefixes.add(uri, location);
      else this.#addPaths(location, place);
    }
  }

  #addPaths({ paths }: Location, place: number): void {
    for (const { kind, path } of paths ?? []) {
      if (kind === "exact") this.#paths.set(path, this.#paths.get(path) ?? place);
      else (kind === "beginning" ? this.#beginnings : this.#segments).add(path, place);
    }
  }

  /** The first prefix that is written so. */
  prefix(uri: string): Location | undefined {
    return this.#prefixes.get(uri);
  }

  /**
   * The location that nginx takes for `path`: an exact one; else the longest prefix, if that is `^~`; else the first
   * regular expression; else the longest prefix (nginx, location). Regular expressions that are no list of paths are passed
   * over.
   */
  find(path: string): Location | null {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    const prefix = this.#prefixes.of(path).next().value?.value ?? null;
    if (prefix?.modifier === "^~") return prefix;
    return this.#regex(path) ?? prefix;
  }

  #regex(path: string): Location | undefined {
    const places = [this.#paths.get(path) ?? Number.POSITIVE_INFINITY];
    for (const { value } of this.#beginnings.of(path)) places.push(value);
    for (const { value, length } of this.#segments.of(path))
      if (length === path.length || path[length] === "/") places.push(value);
    return this.#locations[Math.min(...places)];
  }
}
