/**
 * Which pools a load balancer uses, in which order: its steering as an action of a route.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import type { Rule } from "../model.ts";
import { wholeWeights } from "../numbers.ts";
import type { Item } from "./export.ts";
import { type Place, placesOf, policyOf } from "./geo.ts";
import { type Fields, reportRest } from "./rest.ts";
import type { CfLoadBalancer, CfPool } from "./schemas.ts";

/** The pools of a route, by Cloudflare's ids. */
export interface Steering {
  readonly where: Rule["where"];
  /** At least one, in the order in which they are preferred. */
  readonly pools: readonly string[];
  /** Of the pools, if they share the clients by weight; null: they come one after the other. */
  readonly weights: readonly number[] | null;
  readonly isByDistance: boolean;
  /** True: a request that failed in one pool is sent on to the next. */
  readonly retriesPools: boolean;
  /** The pool that gets requests when no other can take them, whatever its health. */
  readonly fallback: string | null;
}

type Pools = ReadonlyMap<string, Item<CfPool>>;

const MAX_WEIGHT = 1_000_000;
const NOT_DNS = "says how DNS answers; here every request is proxied";

const FIELDS: Fields = {
  used: [
    "adaptive_routing",
    "country_pools",
    "default_pools",
    "enabled",
    "fallback_pool",
    "pop_pools",
    "proxied",
    "random_steering",
    "region_pools",
    "rules",
    "session_affinity",
    "session_affinity_attributes",
    "session_affinity_ttl",
    "steering_policy",
  ],
  left: {
    location_strategy: NOT_DNS,
    networks: NOT_DNS,
    ttl: NOT_DNS,
  },
};

const BY_WEIGHT: ReadonlySet<string> = new Set(["random", "least_outstanding_requests", "least_connections"]);

/**
 * A steering for each place that the load balancer tells apart, in the order of routes.
 * @param where what holds for all of them; null: nothing
 * @returns none if nothing may be routed
 */
export function steeringsOf(
  balancer: Item<CfLoadBalancer>,
  where: Rule["where"],
  pools: Pools,
  findings: Findings,
): Steering[] {
  const { value } = balancer;
  reportRest(balancer, [], value, FIELDS, findings);
  if (value.enabled === false) {
    findings.todo(
      balancer.at("enabled"),
      "the load balancer is switched off: its host stays closed here, 404",
    );
    return [];
  }
  if (value.proxied === false) findings.changed(balancer.at("proxied"), NOT_DNS);
  const policy = reportPolicy(balancer, findings);
  const fallback = fallbackOf(balancer, pools, findings);
  return placesOf(balancer, where, findings).flatMap((place) =>
    steeringAt(balancer, place, policy, fallback, pools, findings),
  );
}

function steeringAt(
  balancer: Item<CfLoadBalancer>,
  place: Place,
  policy: string,
  fallback: string | null,
  pools: Pools,
  findings: Findings,
): Steering[] {
  const order = usable(balancer, place, pools, findings);
  if (order.length === 0 && fallback === null) {
    findings.todo(
      balancer.at(...place.path),
      "none of its pools can be used: such requests are answered 404",
    );
    return [];
  }
  const isShared = BY_WEIGHT.has(policy) && order.length > 1;
  return [
    {
      where: place.where,
      // Without any other, the fallback pool is the only one.
      pools: order.length > 0 ? order : [fallback ?? ""],
      weights: isShared ? weightsOf(balancer, order, findings) : null,
      isByDistance: policy === "proximity",
      retriesPools: balancer.value.adaptive_routing?.failover_across_pools === true,
      fallback,
    },
  ];
}

function reportPolicy(balancer: Item<CfLoadBalancer>, findings: Findings): string {
  const policy = policyOf(balancer);
  const at = balancer.at("steering_policy");
  if (policy === "random") findings.changed(at, "a client stays with the pool it drew");
  else if (BY_WEIGHT.has(policy)) {
    findings.changed(at, `${policy}: clients are split by weight, whatever the pools' load`);
  } else if (policy === "proximity") {
    findings.changed(at, "the distance is the client's own, not that of the data centre it came to");
  } else if (policy !== "off" && policy !== "geo") {
    findings.todo(at, `${policy}: pools are used in the order of default_pools, whatever their latency`);
  }
  return policy;
}

/** The pools of a place that are known, have origins and are on. */
function usable(
  balancer: Item<CfLoadBalancer>,
  { pools: ids, path }: Place,
  pools: Pools,
  findings: Findings,
): string[] {
  return ids.filter((id, index) => {
    const at = balancer.at(...path, index);
    const pool = known(id, at, pools, findings);
    if (pool?.value.enabled === false) {
      findings.changed(at, `pool ${pool.value.name} is off and passed over`);
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
  if (pool === undefined) findings.todo(at, `pool ${id} is not in the export: give the file that has it`);
  return pool === undefined || pool.value.origins.length === 0 ? undefined : pool;
}

function weightsOf(balancer: Item<CfLoadBalancer>, order: readonly string[], findings: Findings): number[] {
  const { default_weight, pool_weights } = balancer.value.random_steering ?? {};
  const weights = wholeWeights(
    order.map((id) => ownValue(pool_weights ?? {}, id) ?? default_weight ?? 1),
    MAX_WEIGHT,
  );
  if (weights.some((weight) => weight > 0)) return weights;
  findings.changed(balancer.at("random_steering"), "no pool has a weight above 0; they share equally");
  return order.map(() => 1);
}
