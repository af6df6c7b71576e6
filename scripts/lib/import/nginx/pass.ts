/**
 * What `proxy_pass` says.
 * @module
 */
import type { Scheme } from "../origin-url.ts";
import type { Directive } from "./parser.ts";
import { filledIn, type Scope } from "./scope.ts";

export interface Pass {
  readonly directive: Directive;
  readonly scheme: Scheme;
  /** An upstream, a host, `unix:PATH`, or `$name` for a variable that is not constant. */
  readonly host: string;
  /** As in `:8080`; "" if there is none. */
  readonly port: string;
  /** What stands after it; "" if there is nothing. */
  readonly uri: string;
  /**
   * - `prefix`: `uri` stands for the location's own prefix.
   * - `before`: `uri` is put before the whole path.
   * - `whole`: `uri` is the whole path, because a variable stands in the directive.
   * - `captured`: it is the whole path, and ends in `$1`, what the location's regular expression captures.
   */
  readonly uriMeans: "prefix" | "before" | "whole" | "captured";
}

/** The request's own path and query, as a variable. */
const PATH_ITSELF = /(\$request_uri|\$(uri|document_uri)(\$is_args\$(args|query_string))?)$/;
const QUERY = /\$is_args\$(args|query_string)$/;

/** @returns null if nothing here can tell where it goes */
export function passOf(directive: Directive, scope: Scope): Pass | null {
  const written = directive.args[0] ?? "";
  const text = filledIn(written, scope.variables);
  const place = text.replace(PATH_ITSELF, "").replace(QUERY, "");
  const match =
    /^(https?):\/\/(unix:[^:$]+)(?::(\/[^$]*)?)?$/.exec(place) ??
    /^(https?):\/\/(\[[^\]$]+\]|[^/:$]+|\$\w+)(\/[^$]*(?:\$1)?)?$/.exec(place.replace(PORT, "$1$3"));
  if (match === null) return null;
  const [, scheme, host = "", uri = ""] = match;
  const port = host.startsWith("unix:") ? "" : (PORT.exec(place)?.[2] ?? "");
  const [isBefore, isWhole] = [PATH_ITSELF.test(text), written.includes("$")];
  const meaning = isWhole ? "whole" : "prefix";
  return {
    directive,
    scheme: scheme === "https" ? "https" : "http",
    host,
    port,
    uri,
    uriMeans: uri.endsWith("$1") ? "captured" : isBefore ? "before" : meaning,
  };
}

const PORT = /^(https?:\/\/(?:\[[^\]$]+\]|[^/:$]+|\$\w+))(:\d+)(.*)$/;
