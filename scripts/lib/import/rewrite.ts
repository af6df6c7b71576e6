/**
 * Changes of a path that were written as texts and regular expressions.
 * @module
 */
import { canonicalJson } from "../../../src/config/canonical.ts";
import { matchesEverything } from "./regex.ts";
import type { RouteDocument } from "./result.ts";

export type Rewrite = NonNullable<RouteDocument["rewrite"]>;

/** `/api/` and `/v2/` as the prefixes `/api` and `/v2`. */
export function prefixes(from: string, to: string): Rewrite | null {
  const [strip, add] = [from, to].map((path) => path.replace(/\/+$/, ""));
  const rules = {
    ...(strip === "" || strip === undefined ? {} : { strip_prefix: strip }),
    ...(add === "" || add === undefined ? {} : { add_prefix: add }),
  };
  return canonicalJson(rules) === "{}" ? null : rules;
}

/** `^/api/(.*)$` and `^/api(/.*)$`, with what stands for the path. */
const STRIPPING = /^\^((?:\/(?:[\w.~%-]|\\[.-])+)*)(\/\??)?\((\/)?\.\*\)\$?$/;

/** What a route does instead of replacing what `regex` matches by `text`, in which `$1` is the group; null: no route does it. */
export function rewriteOf(regex: string, text: string): Rewrite | null {
  if (matchesEverything(regex) && !text.includes("$")) return { replace: text };
  const match = STRIPPING.exec(regex);
  const [, beginning = "", slash = "", inner = ""] = match ?? [];
  const [, target, rest] = /^([^$?]*)\$1(.*)$/.exec(text) ?? [];
  if (match === null || target === undefined || rest !== "") return null;
  const isWhole = inner === "/" ? !target.endsWith("/") : target.endsWith("/") && slash !== "";
  return isWhole ? prefixes(`${beginning.replace(/\\/g, "")}/`, target === "" ? "/" : target) : null;
}
