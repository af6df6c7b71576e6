/**
 * The locations of a `server` block, with what is in force in each.
 * @module
 */

import { type PathPattern, plainPaths } from "../regex.ts";
import type { Directive } from "./parser.ts";
import { type Scope, scopeIn } from "./scope.ts";

type Modifier = "" | "=" | "^~" | "~" | "~*";

export interface Location {
  readonly modifier: Modifier;
  /** As it is written: a path, a prefix or a regular expression. */
  readonly uri: string;
  /** The paths that it matches; null: a regular expression that no list of paths can say. */
  readonly paths: readonly PathPattern[] | null;
  readonly block: readonly Directive[];
  readonly scope: Scope;
  readonly at: string;
  /** `location /api/` */
  readonly label: string;
}

/**
 * The locations that requests can match, those within others among them. Of regular expressions the inner ones come
 * first, as nginx tries them first.
 */
export function locationsIn(block: readonly Directive[], scope: Scope): Location[] {
  return block
    .filter((directive) => isLocation(directive) && !isNamed(directive))
    .flatMap((directive) => {
      const location = locationOf(directive, scope);
      return [...locationsIn(location.block, location.scope), location];
    });
}

/** `location @name`, by its name. */
export function namedLocations(block: readonly Directive[], scope: Scope): ReadonlyMap<string, Location> {
  const named = block.filter(isNamed).map((directive) => locationOf(directive, scope));
  return new Map(named.map((location) => [location.uri, location]));
}

function isLocation({ name }: Directive): boolean {
  return name === "location";
}

function isNamed(directive: Directive): boolean {
  return isLocation(directive) && directive.args[0]?.startsWith("@") === true;
}

function locationOf({ args, at, block }: Directive, outer: Scope): Location {
  const [modifier, uri] = splitModifier(args);
  return {
    modifier,
    uri,
    paths: pathsOf(modifier, uri),
    block: block ?? [],
    scope: scopeIn(block ?? [], outer),
    at,
    label: `location ${args.join(" ")}`,
  };
}

/** The modifier may be glued to what follows it. */
function splitModifier(args: readonly string[]): [Modifier, string] {
  const [, modifier = "", uri = ""] = /^(=|\^~|~\*|~)?([\s\S]*)$/.exec(args.join("")) ?? [];
  return [modifier as Modifier, uri];
}

function pathsOf(modifier: Modifier, uri: string): readonly PathPattern[] | null {
  if (modifier === "=") return [{ kind: "exact", path: uri }];
  if (modifier === "~" || modifier === "~*") return plainPaths(uri);
  return [{ kind: "beginning", path: uri }];
}

/** True if it is a prefix: such a location ends the path that `proxy_pass` replaces. */
export function isPrefix({ modifier }: Location): boolean {
  return modifier === "" || modifier === "^~";
}
