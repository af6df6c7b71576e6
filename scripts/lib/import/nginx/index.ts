/**
 * nginx's upstreams, and the servers that pass requests on to them, as a configuration.
 * @module
 */
import { Findings } from "../findings.ts";
import type { ImportOptions } from "../origin-url.ts";
import { ImportError, type Imported } from "../result.ts";
import { bySpecificity } from "../route-order.ts";
import { readNginx } from "./include.ts";
import type { Directive } from "./parser.ts";
import { NO_SETTINGS, type Settings, settingsIn } from "./proxy.ts";
import { ServerImporter } from "./servers.ts";
import { type Upstream, upstreamOf } from "./upstream.ts";

/** @throws ImportError if a file cannot be read or is no such configuration */
export function importNginx(files: readonly string[], options: ImportOptions): Imported {
  const findings = new Findings();
  const directives = files.flatMap((file) => readNginx(file, findings));
  // A whole nginx.conf has an `http` block; a file of conf.d is what stands in one.
  const contexts = [
    directives,
    ...directives.filter(({ name }) => name === "http").map(({ block }) => block ?? []),
  ];
  const upstreams = upstreamsIn(contexts.flat(), findings);
  const servers = new ServerImporter(upstreams, options, findings);
  for (const context of contexts) addServers(servers, context, settingsIn(context, NO_SETTINGS));
  servers.addUnused(directives);
  const pools = servers.pools.all([...upstreams.keys()]);
  if (Object.keys(pools).length === 0) {
    throw new ImportError(`${files.join(", ")}: it passes nothing on by HTTP: no upstream, no proxy_pass`);
  }
  reportRest(directives, findings);
  const routes = bySpecificity(servers.routes);
  return { config: { ...(routes.length === 0 ? {} : { routes }), pools }, findings };
}

function addServers(servers: ServerImporter, context: readonly Directive[], settings: Settings): void {
  for (const directive of context) {
    if (directive.name === "server") servers.add(directive, settings);
  }
}

function upstreamsIn(context: readonly Directive[], findings: Findings): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const directive of context) {
    if (directive.name !== "upstream") continue;
    const upstream = upstreamOf(directive, findings);
    if (upstreams.has(upstream.name)) {
      throw new ImportError(`${directive.at}: upstream ${upstream.name} stands twice`);
    }
    upstreams.set(upstream.name, upstream);
  }
  return upstreams;
}

function reportRest(directives: readonly Directive[], findings: Findings): void {
  for (const { name, at } of directives) {
    if (name === "stream") findings.lost(at, "stream: only HTTP is balanced");
  }
}
