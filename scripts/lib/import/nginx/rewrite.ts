/**
 * What becomes of a path on the way to an origin: by the path in `proxy_pass`, or by `rewrite ... break`.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import { prefixes, type Rewrite, rewriteOf } from "../rewrite.ts";
import { WHOLE } from "../routes.ts";
import { isPrefix, type Location } from "./locations.ts";
import type { Directive } from "./parser.ts";
import type { Pass } from "./pass.ts";
import type { Scope } from "./scope.ts";

/** The changes to the path on the way from `location` to an origin. */
export function rewriteFor(pass: Pass, location: Location, findings: Findings): { rewrite?: Rewrite } {
  const { uri, uriMeans, directive } = pass;
  const rewritten = location.block.filter(({ name }) => name === "rewrite");
  const label = `proxy_pass ${directive.args[0] ?? ""}`;
  // A path that was rewritten replaces the one in the directive.
  const isRewritten = uri === "" || rewritten.length > 0;
  const found = isRewritten ? byRewrites(rewritten, location, findings) : byUri(pass, location, findings);
  if (found === null) {
    if (!isRedirectKept(location.scope)) {
      const message =
        "a Location at an origin's own address is passed on as it is; nginx makes it a path of this host";
      findings.changed(WHOLE, message);
    }
    return {};
  }
  const rules =
    isRedirectKept(location.scope) || found.replace !== undefined
      ? found
      : { ...found, rewrite_location: true };
  if (!routeSchema.shape.rewrite.safeParse(rules).success) {
    findings.todo(directive.at, `${label}: a route cannot change a path so; origins get it as it came`);
    return {};
  }
  if (rules.rewrite_location) {
    const message = "the Location of answers gets back what was taken away, also where it is a path alone";
    findings.changed(directive.at, `${label}: ${message}`);
  }
  if (!isRewritten && uriMeans === "prefix") reportSlashes(uri, location, label, directive, findings);
  return { rewrite: rules };
}

function isRedirectKept(scope: Scope): boolean {
  return scope.settings.get("proxy_redirect")?.[0]?.args[0] === "off";
}

function byUri({ uri, uriMeans, directive }: Pass, location: Location, findings: Findings): Rewrite | null {
  if (uriMeans === "captured") {
    const found = location.modifier.startsWith("~") ? rewriteOf(location.uri, uri) : null;
    if (found === null) {
      const message = "a route cannot put this path together; origins get it as it came";
      findings.todo(directive.at, `${location.label}: proxy_pass ${directive.args[0] ?? ""}: ${message}`);
    }
    return found;
  }
  if (uriMeans === "prefix" && location.modifier === "=")
    return uri === location.uri ? null : { replace: uri };
  if (uriMeans === "whole") return { replace: uri };
  const prefix = uriMeans === "prefix" && isPrefix(location) ? location.uri : "/";
  return uri === prefix ? null : prefixes(prefix, uri);
}

/** nginx puts one text in the place of another; a route takes whole segments. */
function reportSlashes(
  uri: string,
  { uri: own, modifier }: Location,
  label: string,
  { at }: Directive,
  findings: Findings,
): void {
  if (modifier === "=" || own.endsWith("/") === uri.endsWith("/")) return;
  const base = own.replace(/\/$/, "");
  const there = own.endsWith("/") ? `${uri}x` : `${uri}/x`;
  const here = `${uri.replace(/\/$/, "")}/x`;
  findings.todo(at, `${label}: ${base}/x became ${there} there, and becomes ${here} here`);
}

/** `rewrite ... break`, of which the first that matches counts. */
function byRewrites(rewrites: readonly Directive[], { label }: Location, findings: Findings): Rewrite | null {
  const [first, ...others] = rewrites;
  if (first === undefined) return null;
  const [regex = "", text = "", flag] = first.args;
  const found = flag === "break" && others.length === 0 ? rewriteOf(regex, text) : null;
  if (found !== null) return found;
  for (const { args, at } of rewrites) {
    findings.todo(
      at,
      `${label}: rewrite ${args.join(" ")}: a route cannot do this; origins get the path as it came`,
    );
  }
  return null;
}
