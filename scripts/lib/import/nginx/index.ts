/**
 * nginx's upstreams, and the servers that pass requests on to them, as a configuration.
 * @module
 */
import { Findings } from "../findings.ts";
import type { Rule } from "../model.ts";
import type { FileImportOptions } from "../origin-url.ts";
import { type HealthCheckDocument, ImportError, type Imported } from "../result.ts";
import { routesOf, WHOLE } from "../routes.ts";
import { readNginx } from "./include.ts";
import { reachedServers, type Server, serverOf } from "./listen.ts";
import type { Directive } from "./parser.ts";
import { passOf } from "./pass.ts";
import { NO_SCOPE, type Scope, scopeIn } from "./scope.ts";
import { siteOf } from "./servers.ts";
import { OTHER_PROTOCOLS } from "./serving.ts";
import { UpstreamPools } from "./upstream-pools.ts";
import { healthCheckOf, splitsIn, upstreamsIn } from "./upstreams.ts";

/** @throws ImportError if a file cannot be read or is no such configuration */
export function importNginx(files: readonly string[], options: FileImportOptions): Imported {
  const findings = new Findings();
  const directives = files.flatMap((file) => readNginx(file, options.prefix, findings));
  // A whole nginx.conf has an `http` block; a file of conf.d is what stands in one.
  const blocks = directives.filter(({ name }) => name === "http").map(({ block }) => block ?? []);
  const contexts = [directives, ...blocks];
  const servers = contexts.flatMap((context) => serversIn(context, scopeIn(context, NO_SCOPE)));
  const http = contexts.flat();
  const named = {
    upstreams: upstreamsIn(http, findings),
    splits: splitsIn(http),
    healthChecks: healthChecksIn(servers, http, findings),
  };
  const upstreamPools = new UpstreamPools(named, options, findings);
  const reached = reachedServers(servers, blocks.length > 0, findings);
  const tlsHosts = new Set(reached.filter(({ isHttpOnly }) => !isHttpOnly).flatMap(({ hosts }) => hosts));
  const sites = reached.map((each) => siteOf(each, tlsHosts, upstreamPools, findings));
  upstreamPools.addUnused(new Set(otherPasses(directives)));
  const pools = upstreamPools.pools.all([...named.upstreams.keys()]);
  const ids = Object.keys(pools);
  if (ids.length === 0) throw new ImportError(`${files.join(", ")}: ${whyEmpty(directives, findings)}`);
  for (const { name, at } of directives)
    if (name === "stream") findings.todo(at, "stream: only HTTP is balanced");
  reportPaths(
    sites.flatMap(({ rules }) => rules),
    findings,
  );
  const routes = routesOf(sites, ids, findings);
  return { config: { ...(routes.length === 0 ? {} : { routes }), pools }, findings };
}

function serversIn(context: readonly Directive[], scope: Scope): Server[] {
  return context.filter(({ name }) => name === "server").map((directive) => serverOf(directive, scope));
}

/** The checks that locations ask for are those of what they pass requests on to. */
function healthChecksIn(
  servers: readonly Server[],
  http: readonly Directive[],
  findings: Findings,
): ReadonlyMap<string, HealthCheckDocument> {
  const matches = new Map(
    http.filter(({ name }) => name === "match").map((each) => [each.args[0] ?? "", each]),
  );
  const checks = new Map<string, HealthCheckDocument>();
  const look = (block: readonly Directive[], outer: Scope): void => {
    const scope = scopeIn(block, outer);
    const check = block.find(({ name }) => name === "health_check");
    const proxyPass = block.find(({ name }) => name === "proxy_pass");
    const pass = proxyPass === undefined ? null : passOf(proxyPass, scope);
    if (check !== undefined && pass !== null) checks.set(pass.host, healthCheckOf(check, matches, findings));
    for (const { name, block: inner } of block) if (name === "location") look(inner ?? [], scope);
  };
  for (const { block, scope } of servers) look(block, scope);
  return checks;
}

/** nginx looks for locations by the decoded path, a route by the path as it is sent. */
function reportPaths(rules: readonly Rule[], findings: Findings): void {
  const byPath = rules.filter(({ path }) => path !== null);
  if (byPath.length === 0) return;
  findings.changed(
    WHOLE,
    "/p goes where /p/ goes; nginx redirects it there where only the latter is a location",
  );
  const message = "paths are compared as they are sent; nginx decoded them and merged slashes before";
  const isClosed = byPath.some(({ action }) => action.respond !== undefined);
  if (isClosed && rules.some(({ action }) => action.respond === undefined && action.redirect === undefined)) {
    const example =
      "/%61dmin/ is not /admin/ here: what is closed by its path must be closed at the origin as well";
    findings.todo(WHOLE, `${message}: ${example}`);
  } else findings.changed(WHOLE, message);
}

/** What `fastcgi_pass` and its like name, without `grpc://`. */
function otherPasses(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ name, args, block }) => [
    ...(OTHER_PROTOCOLS.test(name) ? [(args[0] ?? "").replace(/^grpcs?:\/\//, "")] : []),
    ...otherPasses(block ?? []),
  ]);
}

/** Why there is no pool, and what to do about it: the last that needs a hand is mostly the reason. */
function whyEmpty(directives: readonly Directive[], findings: Findings): string {
  const others = [...new Set(protocolsIn(directives))];
  if (others.length > 0)
    return `it passes requests on by ${others.join(", ")} only, and origins are spoken to by HTTP only`;
  if (directives.some(({ name }) => name === "stream"))
    return "it has a stream block, and only HTTP is balanced";
  const reasons = findings.all
    .filter(({ kind }) => kind === "todo")
    .map(({ at, message }) => `\n  ${at}: ${message}`);
  return `it has no upstream, and no proxy_pass that leads anywhere${reasons.length === 0 ? ": give the file that has them" : `:${reasons.join("")}`}`;
}

function protocolsIn(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ name, block }) => [
    ...(OTHER_PROTOCOLS.test(name) ? [name] : []),
    ...protocolsIn(block ?? []),
  ]);
}
