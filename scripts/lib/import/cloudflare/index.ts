/**
 * Cloudflare Load Balancing's pools, monitors and load balancers as a configuration.
 * @module
 */
import { Findings } from "../findings.ts";
import { closed, type Rule, type Site } from "../model.ts";
import type { ImportOptions } from "../origin-url.ts";
import type { Imported } from "../result.ts";
import { compareHosts, routesOf } from "../routes.ts";
import { affinityOf } from "./affinity.ts";
import { type CloudflareExport, type Item, readCloudflareExport, type Source } from "./export.ts";
import { hostHeader } from "./pool.ts";
import { PoolWriter, type Use } from "./pool-writer.ts";
import { type RoutedBalancer, withRules } from "./rules.ts";
import type { CfLoadBalancer, CfMonitor, CfPool } from "./schemas.ts";
import { steeringsOf } from "./steering.ts";

/** A load balancer for the requests of one of its rules, and how it uses pools for them. */
interface Part extends RoutedBalancer {
  readonly uses: readonly Use[];
}

/** @throws ImportError if a source is no such export */
export function importCloudflare(sources: readonly Source[], options: ImportOptions): Imported {
  const findings = new Findings();
  const found = readCloudflareExport(sources, findings);
  const pools = byId(found.pools);
  const monitors = byId(found.monitors);
  const balancers = exactHostsFirst(found.loadBalancers).map((balancer) =>
    withRules(balancer, findings).map((routed) => ({ ...routed, uses: usesOf(routed, pools, findings) })),
  );
  reportUnused(monitors, found.pools, findings);
  reportGeneral(found, options, findings);
  const uses = balancers.flat().flatMap((part) => part.uses);
  const writer = new PoolWriter(uses, { monitors, options, findings });
  for (const pool of pools.values()) writer.write(pool);
  const documents = writer.pools.all();
  const sites = balancers.flatMap((parts) => sitesOf(parts, writer));
  const routes = routesOf(sites, Object.keys(documents), findings);
  return { config: { ...(routes.length === 0 ? {} : { routes }), pools: documents }, findings };
}

/** In the order of the export; what stands twice counts once. */
function byId<T extends { id: string }>(items: readonly Item<T>[]): Map<string, Item<T>> {
  const map = new Map<string, Item<T>>();
  for (const item of items) if (!map.has(item.value.id)) map.set(item.value.id, item);
  return map;
}

/** A host has its own load balancer before a rule of one with a wildcard. */
function exactHostsFirst(items: readonly Item<CfLoadBalancer>[]): Item<CfLoadBalancer>[] {
  return [...items].sort((a, b) => compareHosts(a.value.name, b.value.name));
}

function usesOf(
  { balancer, where, answer }: RoutedBalancer,
  pools: ReadonlyMap<string, Item<CfPool>>,
  findings: Findings,
): Use[] {
  if (answer !== null) return [];
  const steerings = steeringsOf(balancer, where, pools, findings);
  if (steerings.length === 0) return [];
  const affinity = affinityOf(balancer, findings);
  return steerings.map((steering) => ({ steering, affinity }));
}

/** The parts of one load balancer, of which the last one is for its own host and all that no rule takes. */
function sitesOf(parts: readonly Part[], writer: PoolWriter): Site[] {
  const own = parts.at(-1)?.host;
  const hosts = [...new Set(parts.map(({ host }) => host))];
  return hosts.map((host) => {
    const there = parts.filter((part) => part.host === host || part.host === own);
    const rules = there.flatMap((part, index) => [...besides(part, there.slice(index + 1)), part]);
    return { hosts: [host], rules: rules.flatMap((part) => rulesOf(part, writer)) };
  });
}

/** A route's `/api/*` takes `/api` as well. If paths had to begin with `/api/`, that is for the parts after it. */
function besides({ beginning }: Part, after: readonly Part[]): Part[] {
  if (beginning === null || beginning === "/" || !beginning.endsWith("/")) return [];
  const path = beginning.slice(0, -1);
  const takes = (part: Part) =>
    part.path === null || part.path === path || (part.beginning !== null && path.startsWith(part.beginning));
  return after.filter(takes).map((part) => ({ ...part, path }));
}

function rulesOf({ path, where, answer, uses }: Part, writer: PoolWriter): Rule[] {
  if (answer !== null) return [{ path, where, action: answer }];
  if (uses.length === 0) return [{ path, where, action: closed() }];
  return uses.map((use) => ({ path, where: use.steering.where, action: writer.actionOf(use) }));
}

function reportUnused(
  monitors: ReadonlyMap<string, Item<CfMonitor>>,
  pools: readonly Item<CfPool>[],
  findings: Findings,
): void {
  const used = new Set(pools.map(({ value }) => value.monitor));
  for (const monitor of monitors.values()) {
    if (!used.has(monitor.value.id)) findings.leftOut(monitor.at(), "no pool uses this monitor");
  }
}

/** What is so for the export as a whole, said once. */
function reportGeneral(
  { pools, loadBalancers }: CloudflareExport,
  options: ImportOptions,
  findings: Findings,
): void {
  const at = "the export as a whole";
  if (options.scheme === null) {
    const why =
      "whether Cloudflare talks http or https to origins is the zone's SSL/TLS mode, not in the export";
    findings.changed(
      at,
      `${why}: https is taken, but http for ports such as 80 and 8080; --scheme http if Flexible`,
    );
  }
  const origins = pools.flatMap(({ value }) => value.origins);
  if (origins.some((origin) => hostHeader(origin) === null)) {
    const message = "origins without a Host override were asked with the client's host";
    findings.changed(
      at,
      `${message}; here by the name in their url, and the client's is in X-Forwarded-Host`,
    );
  }
  const failover = "here the defaults of failover hold: 3 attempts, 10 s each, also after 502, 503 and 504";
  findings.changed(
    at,
    `Cloudflare tries again once, if an origin cannot be reached; ${failover}, if it is safe`,
  );
  if (loadBalancers.length === 0) {
    findings.todo(
      at,
      "there are no load balancers in it, so no routes: give the answer of /zones/ID/load_balancers",
    );
  }
}
