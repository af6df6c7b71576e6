/**
 * HAProxy's frontends and backends as a configuration.
 * @module
 */
import { MAX_ROUTES } from "../../../../src/config/routes-schema.ts";
import { Findings } from "../findings.ts";
import type { Site } from "../model.ts";
import type { FileImportOptions } from "../origin-url.ts";
import { ImportError, type Imported } from "../result.ts";
import { areOpen, compareHosts, routesOf, WHOLE } from "../routes.ts";
import { Backends } from "./backends.ts";
import { type Program, rulesFor, TooManyRules } from "./decisions.ts";
import { namedFiles, readFiles } from "./files.ts";
import { labelOf, reachedProxy, whyNone } from "./ports.ts";
import { type ProxySection, readProxies } from "./sections.ts";

/** @throws ImportError if a file cannot be read or is no such configuration */
export function importHaproxy(paths: readonly string[], options: FileImportOptions): Imported {
  const findings = new Findings();
  const proxies = readProxies(readFiles(paths));
  const reached = reachedProxy(proxies, findings);
  const readNamed = namedFiles(paths, options.prefix);
  const entrance = { port: reached?.port ?? 443, isTls: reached?.isTls ?? true, readNamed };
  const backends = new Backends(proxies, entrance, options, findings);
  const sites = reached === null ? [] : sitesAt(reached.proxy, backends);
  backends.addUnused();
  const pools = backends.pools.all(proxies.map(({ name }) => name));
  const ids = Object.keys(pools);
  if (ids.length === 0) throw new ImportError(whyEmpty(paths, proxies));
  if (reached !== null) reportCommon(reached.proxy, findings);
  const routes = routesOf(sites, ids, findings);
  return { config: { ...(routes.length === 0 ? {} : { routes }), pools }, findings };
}

/** @throws ImportError if these are more than a configuration may have */
function sitesAt(proxy: ProxySection, backends: Backends): Site[] {
  const tooMany = (advice: string) =>
    new ImportError(`${proxy.at}: ${labelOf(proxy)}: becomes more than ${MAX_ROUTES} routes: ${advice}`);
  try {
    const sites = sitesOf(backends.frontend(proxy), backends);
    if (sites !== null) return sites;
  } catch (error) {
    if (!(error instanceof TooManyRules)) throw error;
    throw tooMany(
      "leave out lines that change headers under a condition, and import again: each doubles what comes after it",
    );
  }
  throw tooMany("leave out hosts that a wider one says as well, or import parts");
}

/**
 * A site for each host that a test names, and one for all others; hosts that are served alike are one. Null: they would
 * become more routes than a configuration may have.
 */
function sitesOf(program: Program, backends: Backends): Site[] | null {
  const any = rulesFor(program, null, backends);
  const written = JSON.stringify(any);
  const hosts = [...backends.hostsOf(program)].sort(compareHosts);
  const sites: Site[] = [];
  let own = 0;
  for (const host of hosts) {
    const rules = rulesFor(program, host, backends);
    const isOwn = JSON.stringify(rules) !== written;
    // Each becomes a route at least. Not all of them are made first, of which there may be any number.
    if (isOwn && areOpen(rules) && ++own > MAX_ROUTES) return null;
    sites.push({ hosts: [host], rules: isOwn ? rules : any });
  }
  return [...sites, { hosts: [null], rules: any }];
}

/** What differs for all requests. */
function reportCommon(proxy: ProxySection, findings: Findings): void {
  findings.changed(
    WHOLE,
    "hosts are compared in any case and without a port, and paths with their dot segments resolved; an origin is asked by the name in its url, and gets the client's host in X-Forwarded-Host",
  );
  if (proxy.lines.some(({ words }) => words.includes("src"))) {
    findings.changed(WHOLE, "src is the client's address, as Cloudflare sees it");
  }
}

function whyEmpty(paths: readonly string[], proxies: readonly ProxySection[]): string {
  const reasons = whyNone(proxies);
  if (reasons !== "") return reasons;
  return `${paths.join(", ")}: it has no backend with servers: give the file that has them`;
}
