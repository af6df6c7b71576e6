/**
 * Which pools a load balancer uses, and in which order: its steering as a route.
 * @module
 */
import type { Findings } from "../findings.ts";
import { wholeWeights } from "../numbers.ts";
import type { Item } from "./export.ts";
import { type Fields, isUnset, reportRest } from "./rest.ts";
import type { CfLoadBalancer, CfPool } from "./schemas.ts";

/** A route, with Cloudflare's ids of pools. */
export interface Steering {
  readonly balancer: Item<CfLoadBalancer>;
  /** One, or several that share the clients. */
  readonly pools: readonly { readonly id: string; readonly weight: number }[];
  readonly fallback: string | null;
  /** The pool that Cloudflare sends to whatever its health, if our route ends there too. */
  readonly lastResort: string | null;
}

type Pools = ReadonlyMap<string, Item<CfPool>>;

const MAX_WEIGHT = 1_000_000;
const NO_PLACE = "where a client is does not count";
const NOT_DNS = "says how DNS answers; here every request is proxied";

const FIELDS: Fields = {
  used: [
    "adaptive_routing",
    "default_pools",
    "enabled",
    "fallback_pool",
    "proxied",
    "random_steering",
    "rules",
    "session_affinity",
    "session_affinity_attributes",
    "session_affinity_ttl",
    "steering_policy",
  ],
  lost: {
    country_pools: NO_PLACE,
    location_strategy: NO_PLACE,
    networks: NOT_DNS,
    pop_pools: NO_PLACE,
    region_pools: NO_PLACE,
    ttl: NOT_DNS,
  },
};

const BY_WEIGHT: ReadonlySet<string> = new Set(["random", "least_outstanding_requests", "least_connections"]);

/** @returns null if nothing is to be routed */
export function steeringOf(
  balancer: Item<CfLoadBalancer>,
  pools: Pools,
  findings: Findings,
): Steering | null {
  const { value } = balancer;
  reportRest(balancer, [], value, FIELDS, findings);
  if (value.enabled === false) {
    findings.lost(balancer.at("enabled"), "the load balancer is switched off: it gets no route");
    return null;
  }
  if (value.proxied === false) findings.changed(balancer.at("proxied"), NOT_DNS);
  if (value.adaptive_routing?.failover_across_pools === true) {
    const message =
      "a request goes on to the other pool if its own has no eligible origin, not after an attempt";
    findings.changed(balancer.at("adaptive_routing", "failover_across_pools"), message);
  }
  const order = usable(balancer, pools, findings);
  const fallback = fallbackOf(balancer, pools, findings);
  if (order.length === 0 && fallback === null) {
    findings.todo(balancer.at("default_pools"), "none of its pools can be used: it gets no route");
    return null;
  }
  const policy = reportPolicy(balancer, findings);
  if (BY_WEIGHT.has(policy) && order.length > 1) return byWeight(balancer, order, fallback, findings);
  return inOrder(balancer, order, fallback, pools, findings);
}

function reportPolicy(balancer: Item<CfLoadBalancer>, findings: Findings): string {
  const { steering_policy, region_pools, country_pools, pop_pools } = balancer.value;
  const places = [region_pools, country_pools, pop_pools].some((each) => !isUnset(each));
  const policy = steering_policy || (places ? "geo" : "off");
  const at = balancer.at("steering_policy");
  if (policy === "off") return policy;
  if (policy === "random") findings.changed(at, "a client stays with the pool it drew");
  else if (BY_WEIGHT.has(policy))
    findings.changed(at, "clients are split by weight, whatever the pools' load");
  else findings.lost(at, `${policy}: pools are used in the order of default_pools`);
  return policy;
}

/** The default pools that are known, have origins and are on. */
function usable(balancer: Item<CfLoadBalancer>, pools: Pools, findings: Findings): string[] {
  const ids = balancer.value.default_pools ?? [];
  return ids.filter((id, index) => {
    const pool = known(id, balancer.at("default_pools", index), pools, findings);
    if (pool?.value.enabled === false) {
      findings.changed(balancer.at("default_pools", index), `pool ${pool.value.name} is off and passed over`);
      return false;
    }
    return pool !== undefined && ids.indexOf(id) === index;
  });
}

function fallbackOf(balancer: Item<CfLoadBalancer>, pools: Pools, findings: Findings): string | null {
  const id = balancer.value.fallback_pool ?? "";
  if (id === "" || known(id, balancer.at("fallback_pool"), pools, findings) === undefined) return null;
  return id;
}

function known(id: string, at: string, pools: Pools, findings: Findings): Item<CfPool> | undefined {
  const pool = pools.get(id);
  if (pool === undefined) findings.todo(at, `pool ${id} is not in the export`);
  return pool === undefined || pool.value.origins.length === 0 ? undefined : pool;
}

function byWeight(
  balancer: Item<CfLoadBalancer>,
  order: readonly string[],
  fallback: string | null,
  findings: Findings,
): Steering {
  const { default_weight, pool_weights } = balancer.value.random_steering ?? {};
  const wanted = order.map((id) => pool_weights?.[id] ?? default_weight ?? 1);
  let weights = wholeWeights(wanted, MAX_WEIGHT);
  if (weights.every((weight) => weight === 0)) {
    findings.changed(balancer.at("random_steering"), "no pool has a weight above 0; they share equally");
    weights = order.map(() => 1);
  }
  const message =
    "clients of a pool without eligible origins go to the fallback pool, not to the other pools";
  findings.changed(balancer.at("default_pools"), message);
  return {
    balancer,
    pools: order.map((id, index) => ({ id, weight: weights[index] ?? 0 })),
    fallback,
    lastResort: fallback !== null && !order.includes(fallback) ? fallback : null,
  };
}

/** A route has a pool and one to fall back to; what comes after these is lost. */
function inOrder(
  balancer: Item<CfLoadBalancer>,
  order: readonly string[],
  fallback: string | null,
  pools: Pools,
  findings: Findings,
): Steering {
  const chain = [...new Set([...order, ...(fallback === null ? [] : [fallback])])];
  const [first = "", second = null, ...beyond] = chain;
  for (const id of beyond) {
    const index = balancer.value.default_pools?.indexOf(id) ?? -1;
    const at = index < 0 ? balancer.at("fallback_pool") : balancer.at("default_pools", index);
    const name = pools.get(id)?.value.name ?? id;
    findings.lost(at, `pool ${name} is never reached: a route has one pool to fall back to`);
  }
  const last = second ?? first;
  return {
    balancer,
    pools: shedding(balancer, first, order[1], pools, findings),
    fallback: second,
    lastResort: last === fallback ? last : null,
  };
}

/** Load that the first pool sheds goes to the next one, as a split. */
function shedding(
  balancer: Item<CfLoadBalancer>,
  first: string,
  next: string | undefined,
  pools: Pools,
  findings: Findings,
): Steering["pools"] {
  const pool = pools.get(first);
  const shed = pool?.value.load_shedding;
  if (pool === undefined || isUnsetShedding(shed)) return [{ id: first, weight: 1 }];
  const percent = shed?.default_percent ?? 0;
  if (next === undefined || percent <= 0) {
    const message = "there is no next pool that could take what is shed";
    findings.lost(pool.at("load_shedding"), next === undefined ? message : "sessions cannot be shed alone");
    return [{ id: first, weight: 1 }];
  }
  const where = `${balancer.value.name} splits its clients`;
  findings.changed(pool.at("load_shedding"), `${where}, and clients with a session among them move too`);
  const share = Math.min(100, percent);
  return [
    { id: first, weight: 100 - share },
    { id: next, weight: share },
  ];
}

function isUnsetShedding(shed: CfPool["load_shedding"]): boolean {
  return (shed?.default_percent ?? 0) <= 0 && (shed?.session_percent ?? 0) <= 0;
}
