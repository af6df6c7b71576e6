/**
 * Cloudflare Load Balancing's pools, monitors and load balancers as a configuration.
 * @module
 */
import { canonicalJson } from "../../../../src/config/canonical.ts";
import { Findings } from "../findings.ts";
import type { ImportOptions } from "../origin-url.ts";
import { type Imported, PoolBook, type PoolDocument, type RouteDocument } from "../result.ts";
import { byHost } from "../route-order.ts";
import { type Affinity, affinityOf } from "./affinity.ts";
import { type CloudflareExport, type Item, readCloudflareExport, type Source } from "./export.ts";
import { hostHeader, type PoolContext, poolDocument } from "./pool.ts";
import { type RoutedBalancer, withRules } from "./rules.ts";
import type { CfMonitor, CfPool } from "./schemas.ts";
import { type Steering, steeringOf } from "./steering.ts";

/** Below one healthy origin in 5,000, which is the most a pool may have: when none is left. */
const NONE_LEFT = 0.01;

/** A route to be, and how the pools are used by it. */
interface Use extends Pick<RoutedBalancer, "host" | "path"> {
  readonly steering: Steering;
  readonly affinity: Affinity;
}

/** @throws ImportError if a source is no such export */
export function importCloudflare(sources: readonly Source[], options: ImportOptions): Imported {
  const findings = new Findings();
  const found = readCloudflareExport(sources, findings);
  const pools = byId(found.pools);
  const monitors = byId(found.monitors);
  const routed = found.loadBalancers.flatMap((balancer) => withRules(balancer, findings));
  const uses = routed.flatMap(({ balancer, host, path }): Use[] => {
    const steering = steeringOf(balancer, pools, findings);
    return steering === null ? [] : [{ host, path, steering, affinity: affinityOf(balancer, findings) }];
  });
  reportUnused(monitors, found.pools, findings);
  reportGeneral(found, options, findings);
  const writer = new PoolWriter(uses, { monitors, options, findings });
  for (const pool of pools.values()) writer.write(pool);
  const routes = byHost(uses.map((use) => writer.routeOf(use)));
  return {
    config: { ...(routes.length === 0 ? {} : { routes }), pools: writer.pools.all() },
    findings,
  };
}

/** In the order of the export; what stands twice counts once. */
function byId<T extends { id: string }>(items: readonly Item<T>[]): Map<string, Item<T>> {
  const map = new Map<string, Item<T>>();
  for (const item of items) if (!map.has(item.value.id)) map.set(item.value.id, item);
  return map;
}

/** Writes each pool once for each way in which it is used. */
class PoolWriter {
  readonly pools = new PoolBook();
  readonly #uses: readonly Use[];
  readonly #context: PoolContext;
  /** Ours, by Cloudflare's id and how the pool is used. */
  readonly #ids = new Map<string, string>();

  constructor(uses: readonly Use[], context: PoolContext) {
    this.#uses = uses;
    this.#context = context;
  }

  write(pool: Item<CfPool>): void {
    const { findings } = this.#context;
    const { id, name, origins } = pool.value;
    if (origins.length === 0) {
      findings.todo(pool.at("origins"), "the pool has no origins and is left out");
      return;
    }
    const using = this.#uses.filter(({ steering }) => poolsOf(steering).includes(id));
    const isLastResort = using.length > 0 && using.every(({ steering }) => steering.lastResort === id);
    const written = new Set<string>();
    for (const { affinity } of using.length === 0 ? [{ affinity: {} }] : using) {
      const document = withLastResort(poolDocument(pool, affinity, this.#context), isLastResort);
      const ours = this.pools.idOf(name, document);
      this.#ids.set(keyOf(id, affinity), ours);
      written.add(ours);
    }
    if (written.size > 1) {
      const message = `is written as ${[...written].join(" and ")}, because session affinity is a pool's here`;
      findings.changed(pool.at(), message);
    }
    if (isLastResort) return;
    for (const { steering } of using.filter((use) => use.steering.lastResort === id)) {
      const message = `pool ${name} is used as such only while it has an eligible origin: it is also used otherwise`;
      findings.changed(steering.balancer.at("fallback_pool"), message);
    }
  }

  routeOf({ host, path, steering, affinity }: Use): RouteDocument {
    const ours = (id: string) => this.#ids.get(keyOf(id, affinity)) ?? id;
    const [first, ...others] = steering.pools.map(({ id, weight }) => ({ pool: ours(id), weight }));
    const target =
      others.length === 0 ? { pool: first?.pool ?? "" } : { split: [first, ...others].flatMap(present) };
    const fallback = steering.fallback === null ? {} : { fallback_pool: ours(steering.fallback) };
    return { host, ...(path === null ? {} : { path }), ...target, ...fallback };
  }
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function keyOf(id: string, affinity: Affinity): string {
  return `${id} ${canonicalJson(affinity)}`;
}

function poolsOf({ pools, fallback }: Steering): string[] {
  return [...pools.map(({ id }) => id), ...(fallback === null ? [] : [fallback])];
}

/** Cloudflare sends to the fallback pool whatever its health. Without checks nothing here is ever unhealthy. */
function withLastResort(pool: PoolDocument, isLastResort: boolean): PoolDocument {
  if (!isLastResort || pool.health_check === undefined) return pool;
  return { ...pool, panic_threshold: NONE_LEFT };
}

function reportUnused(
  monitors: ReadonlyMap<string, Item<CfMonitor>>,
  pools: readonly Item<CfPool>[],
  findings: Findings,
): void {
  const used = new Set(pools.map(({ value }) => value.monitor));
  for (const monitor of monitors.values()) {
    if (!used.has(monitor.value.id)) findings.lost(monitor.at(), "no pool uses this monitor");
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
