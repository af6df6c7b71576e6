/**
 * `server` blocks as routes.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import type { ImportOptions, Scheme } from "../origin-url.ts";
import { PoolBook, type RouteDocument } from "../result.ts";
import { OTHER_PROTOCOLS, type ProxiedLocation, proxiedLocations, reportGates } from "./locations.ts";
import type { Directive } from "./parser.ts";
import { poolOf } from "./pool.ts";
import { failoverOf, NO_SETTINGS, reportSettings, type Settings } from "./proxy.ts";
import { plainServer, type Upstream } from "./upstream.ts";

export class ServerImporter {
  readonly pools = new PoolBook();
  readonly routes: RouteDocument[] = [];
  readonly #upstreams: ReadonlyMap<string, Upstream>;
  readonly #options: ImportOptions;
  readonly #findings: Findings;
  /** The id that an upstream got first. */
  readonly #used = new Map<string, string>();

  constructor(upstreams: ReadonlyMap<string, Upstream>, options: ImportOptions, findings: Findings) {
    this.#upstreams = upstreams;
    this.#options = options;
    this.#findings = findings;
  }

  add(server: Directive, outer: Settings): void {
    const block = server.block ?? [];
    const locations = proxiedLocations(block, outer, this.#findings);
    const label = `server ${namesOf(block).join(" ") || "without a name"}`;
    if (locations.length === 0) {
      this.#findings.lost(server.at, `${label}: passes nothing on to an upstream by HTTP`);
      return;
    }
    reportGates(block, label, this.#findings);
    const hosts = this.#hostsOf(block);
    for (const location of locations) {
      const pool = this.#poolOf(location);
      if (pool === null) continue;
      for (const host of hosts) {
        const { path } = location;
        this.routes.push({ ...(host === null ? {} : { host }), ...(path === null ? {} : { path }), pool });
      }
    }
  }

  /** Pools for the upstreams that nothing in `directives` uses. */
  addUnused(directives: readonly Directive[]): void {
    const others = new Set(otherPasses(directives));
    for (const upstream of this.#upstreams.values()) {
      const { name, servers, at } = upstream;
      if (this.#used.has(name) || servers.length === 0) continue;
      if (others.has(name)) this.#findings.lost(at, `upstream ${name}: origins are spoken to by HTTP only`);
      else this.#pool(upstream, "http", "", NO_SETTINGS);
    }
  }

  /** null: any host. */
  #hostsOf(block: readonly Directive[]): (string | null)[] {
    const names = namesOf(block);
    const at = block.find(({ name }) => name === "server_name")?.at ?? "";
    const hosts = new Set<string | null>();
    for (const name of names) {
      if (name === "" || name === "_") hosts.add(null);
      else if (name.startsWith(".")) hosts.add(name.slice(1).toLowerCase()).add(`*${name.toLowerCase()}`);
      else if (routeSchema.shape.host.safeParse(name).success) hosts.add(name.toLowerCase());
      else this.#findings.lost(at, `server_name ${name}: a route's host is exact or *.NAME`);
    }
    const isDefault = block.some(({ name, args }) => name === "listen" && args.some(isDefaultServer));
    if (names.length === 0 || isDefault) hosts.add(null);
    return [...hosts];
  }

  /** @returns null if it goes nowhere a pool could be made of */
  #poolOf({ proxyPass, settings, path, written }: ProxiedLocation): string | null {
    const { at, args } = proxyPass;
    const to = args[0] ?? "";
    const match = /^(https?):\/\/(\[[^\]]+\]|[^/:$]+)(:\d+)?(\/[^$]*)?$/.exec(to);
    if (match === null || to.includes("$")) {
      const why = to.includes("$")
        ? "where it goes is only known when a request comes"
        : "is not an address by HTTP";
      this.#findings.todo(at, `proxy_pass ${to}: ${why}; write the route by hand`);
      return null;
    }
    const [, scheme = "", host = "", port = "", uri = ""] = match;
    const known = port === "" ? this.#upstreams.get(host) : undefined;
    const upstream = known ?? implicit(`${host}${port}`, host, proxyPass, scheme === "https" ? 443 : 80);
    if (upstream.servers.length === 0) {
      this.#findings.todo(upstream.at, `upstream ${upstream.name} has no servers; routes to it are left out`);
      return null;
    }
    const base = this.#baseOf(uri, path, written, `proxy_pass ${to}`, at);
    return this.#pool(upstream, scheme === "https" ? "https" : "http", base, settings);
  }

  #pool(upstream: Upstream, scheme: Scheme, base: string, settings: Settings): string {
    const findings = this.#findings;
    const { name, servers } = upstream;
    reportSettings(settings, findings);
    const use = {
      scheme: this.#options.scheme ?? scheme,
      base,
      failover: failoverOf(settings, servers.filter(({ down }) => !down).length, findings),
    };
    const id = this.pools.idOf(name, poolOf(upstream, use, this.#options, findings));
    const first = this.#used.get(name) ?? id;
    this.#used.set(name, first);
    if (id !== first) {
      const message = `is also written as ${id}: scheme, path and failover are a pool's here`;
      findings.changed(upstream.at, `upstream ${name} ${message}`);
    }
    return id;
  }

  /** nginx puts the URI of `proxy_pass` in the place of the location's prefix; an origin's url only goes before. */
  #baseOf(uri: string, path: string | null, written: string, label: string, at: string): string {
    if (uri === "" || uri === written) return "";
    if (path === null) return uri.replace(/\/+$/, "");
    const message = `the part ${written} of a path was replaced by ${uri}; origins now get it as it came`;
    this.#findings.todo(at, `${label}: ${message}`);
    return "";
  }
}

/** What `fastcgi_pass` and its like name, without `grpc://`. */
function otherPasses(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ name, args, block }) => [
    ...(OTHER_PROTOCOLS.test(name) ? [(args[0] ?? "").replace(/^grpcs?:\/\//, "")] : []),
    ...otherPasses(block ?? []),
  ]);
}

function isDefaultServer(word: string): boolean {
  return word === "default_server" || word === "default";
}

function namesOf(block: readonly Directive[]): string[] {
  return block.filter(({ name }) => name === "server_name").flatMap(({ args }) => args);
}

/** What nginx makes of a `proxy_pass` to an address that is no upstream. */
function implicit(address: string, name: string, directive: Directive, port: number): Upstream {
  return { name, at: directive.at, servers: [plainServer(address, directive, port)] };
}
