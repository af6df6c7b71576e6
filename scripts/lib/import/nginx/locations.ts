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
/** What speaks something else than HTTP to an upstream. */
export const OTHER_PROTOCOLS = /^(fastcgi|grpc|memcached|scgi|uwsgi)_pass$/;

/**
 * The places of a `server` block.
 * @param outer the settings in force around it
 */
export function proxiedLocations(
  server: readonly Directive[],
  outer: Settings,
  findings: Findings,
): ProxiedLocation[] {
  return new LocationReader(server, settingsIn(server, outer), findings).read();
}

class LocationReader {
  readonly #server: readonly Directive[];
  readonly #settings: Settings;
  readonly #findings: Findings;
  /** `location @name`, for those that send on to it. */
  readonly #named: ReadonlyMap<string, Directive>;
  readonly #usedNames = new Set<string>();

  constructor(server: readonly Directive[], settings: Settings, findings: Findings) {
    this.#server = server;
    this.#settings = settings;
    this.#findings = findings;
    const named = server.filter(isNamed).map((location) => [location.args[0] ?? "", location] as const);
    this.#named = new Map(named);
  }

  read(): ProxiedLocation[] {
    const found = this.#locationsIn(this.#server, this.#settings);
    const rest = this.#sentOn(this.#server, "/", "server");
    for (const [name, { at }] of this.#named) {
      if (this.#usedNames.has(name)) continue;
      this.#findings.lost(at, `location ${name}: no location sends on to it by try_files`);
    }
    return rest === null || found.some(({ path }) => path === null) ? found : [...found, rest];
  }

  #locationsIn(block: readonly Directive[], settings: Settings): ProxiedLocation[] {
    return block
      .filter((directive) => directive.name === "location" && !isNamed(directive))
      .flatMap((location) => this.#proxiedIn(location, settings));
  }

  #proxiedIn(location: Directive, outer: Settings): ProxiedLocation[] {
    const block = location.block ?? [];
    const settings = settingsIn(block, outer);
    const nested = this.#locationsIn(block, settings);
    const label = `location ${location.args.join(" ")}`;
    const proxyPass = block.find(({ name }) => name === "proxy_pass");
    const written = location.args.at(-1) ?? "";
    const direct = proxyPass === undefined ? null : { path: null, written, proxyPass, settings };
    const found = direct ?? this.#sentOn(block, written, label);
    if (found === null) {
      if (nested.length === 0) this.#findings.lost(location.at, `${label}: ${notProxied(block)}`);
      return nested;
    }
    reportGates(block, label, this.#findings);
    const path = pathOf(location, label, this.#findings);
    return path === undefined ? nested : [...nested, { ...found, path }];
  }

  /** What `try_files ... @name` in `block` leads to, if requests are passed on there. */
  #sentOn(block: readonly Directive[], written: string, label: string): ProxiedLocation | null {
    const tryFiles = block.find(({ name }) => name === "try_files");
    const name = tryFiles?.args.at(-1) ?? "";
    const named = this.#named.get(name)?.block ?? [];
    const proxyPass = named.find((directive) => directive.name === "proxy_pass");
    if (tryFiles === undefined || proxyPass === undefined) return null;
    this.#usedNames.add(name);
    this.#findings.changed(
      tryFiles.at,
      `${label}: no files are looked for; all requests go where ${name} sends them`,
    );
    reportGates(named, `location ${name}`, this.#findings);
    return { path: null, written, proxyPass, settings: settingsIn(named, this.#settings) };
  }
}

function isNamed({ name, args }: Directive): boolean {
  return name === "location" && args[0]?.startsWith("@") === true;
}

/** Says what of `block` holds back, answers or changes requests. */
export function reportGates(block: readonly Directive[], label: string, findings: Findings): void {
  for (const { name, args, at } of block) {
    // A `try_files` that leads to a named location was followed, and said.
    const isFollowed = name === "try_files" && args.at(-1)?.startsWith("@") === true;
    if (GATES.has(name) && !isFollowed)
      findings.lost(at, `${label}: ${[name, ...args].join(" ")}: has no counterpart`);
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
  if (uri === undefined || modifier === "~" || modifier === "~*") {
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
