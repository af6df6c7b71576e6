/**
 * The places of a `server` block that pass requests on: which path, to where, with which settings.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import type { Directive } from "./parser.ts";
import { type Settings, settingsIn } from "./proxy.ts";

export interface ProxiedLocation {
  /** A route's path; null: any. */
  readonly path: string | null;
  /** The prefix or the path as nginx has it. */
  readonly written: string;
  readonly proxyPass: Directive;
  readonly settings: Settings;
}

/** What else may answer or refuse a request: without it, more or other requests reach the origins. */
const GATES: ReadonlySet<string> = new Set([
  "allow",
  "auth_basic",
  "auth_jwt",
  "auth_request",
  "deny",
  "error_page",
  "if",
  "limit_conn",
  "limit_except",
  "limit_req",
  "mirror",
  "return",
  "rewrite",
  "satisfy",
  "try_files",
]);
const OTHER_PROTOCOLS = /^(fastcgi|grpc|memcached|scgi|uwsgi)_pass$/;

/** @param settings in force around `block` */
export function locationsIn(
  block: readonly Directive[],
  settings: Settings,
  findings: Findings,
): ProxiedLocation[] {
  return block
    .filter(({ name }) => name === "location")
    .flatMap((location) => proxiedIn(location, settings, findings));
}

function proxiedIn(location: Directive, outer: Settings, findings: Findings): ProxiedLocation[] {
  const block = location.block ?? [];
  const settings = settingsIn(block, outer);
  const nested = locationsIn(block, settings, findings);
  const proxyPass = block.find(({ name }) => name === "proxy_pass");
  const label = `location ${location.args.join(" ")}`;
  if (proxyPass === undefined) {
    if (nested.length === 0) findings.lost(location.at, `${label}: ${notProxied(block)}`);
    return nested;
  }
  reportGates(block, label, findings);
  const path = pathOf(location, label, findings);
  if (path === undefined) return nested;
  return [...nested, { path, written: location.args.at(-1) ?? "", proxyPass, settings }];
}

/** Says what of `block` holds back, answers or changes requests. */
export function reportGates(block: readonly Directive[], label: string, findings: Findings): void {
  for (const { name, args, at } of block) {
    if (GATES.has(name)) findings.lost(at, `${label}: ${[name, ...args].join(" ")}: has no counterpart`);
  }
}

function notProxied(block: readonly Directive[]): string {
  const other = block.find(({ name }) => OTHER_PROTOCOLS.test(name));
  if (other !== undefined) return `${other.name}: origins are spoken to by HTTP only`;
  return "nginx answered itself; such requests now go where the next route that matches says";
}

/** @returns undefined if no route can say it */
function pathOf({ args, at }: Directive, label: string, findings: Findings): string | null | undefined {
  const [modifier, uri] = args.length > 1 ? args : ["", args[0]];
  if (uri === undefined || modifier === "~" || modifier === "~*" || uri.startsWith("@")) {
    findings.lost(at, `${label}: a route's path is exact or a prefix`);
    return undefined;
  }
  if (modifier !== "=" && uri === "/") return null;
  const path = modifier === "=" ? uri : `${uri.replace(/\/$/, "")}/*`;
  if (!routeSchema.shape.path.safeParse(path).success) {
    findings.lost(at, `${label}: ${JSON.stringify(uri)} cannot be the path of a route`);
    return undefined;
  }
  if (modifier !== "=" && !uri.endsWith("/")) {
    findings.changed(at, `${label}: ${uri} and what is below ${uri}/ match, but not ${uri}-and-more`);
  }
  return path;
}
