/**
 * Geo steering: other pools for clients of some data centres, countries and regions.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Rule } from "../model.ts";
import { bothWheres, validWhere } from "../where.ts";
import type { Item } from "./export.ts";
import { isUnset } from "./rest.ts";
import type { CfLoadBalancer } from "./schemas.ts";

type Where = NonNullable<Rule["where"]>;

/** A load balancer's default pools, or those of a place. */
export interface Place {
  readonly where: Rule["where"];
  /** Cloudflare's ids, in their order. */
  readonly pools: readonly string[];
  /** Where the list stands in the load balancer. */
  readonly path: readonly string[];
}

/** In the order in which Cloudflare looks: a data centre wins over a country, and that over a region. */
const LISTS = [
  ["pop_pools", (code: string): Where => ({ colos: [code] })],
  ["country_pools", (code: string): Where => ({ countries: [code] })],
  ["region_pools", (code: string) => ({ regions: [code.toLowerCase()] }) as Where],
] as const;

const NAMES = LISTS.map(([name]) => name);

/** "off" and "geo" are what Cloudflare takes if the field is empty. */
export function policyOf({ value }: Item<CfLoadBalancer>): string {
  return value.steering_policy || (NAMES.some((name) => !isUnset(value[name])) ? "geo" : "off");
}

/**
 * The lists of pools by place, and last the default pools.
 * @param condition what holds for all of them; null: nothing
 */
export function placesOf(
  balancer: Item<CfLoadBalancer>,
  condition: Rule["where"],
  findings: Findings,
): Place[] {
  const { value } = balancer;
  const rest: Place = { where: condition, pools: value.default_pools ?? [], path: ["default_pools"] };
  if (policyOf(balancer) !== "geo") {
    for (const name of NAMES) {
      if (!isUnset(value[name]))
        findings.leftOut(balancer.at(name), "is not used there: steering is not geo");
    }
    return [rest];
  }
  const byRegion = !isUnset(value.region_pools);
  if (byRegion) {
    const message =
      "a client's region is that of its country; there it is that of the data centre it came to";
    findings.changed(balancer.at("region_pools"), message);
  }
  const places = LISTS.flatMap(([name, make]) =>
    Object.entries(value[name] ?? {}).flatMap(([code, pools]): Place[] => {
      const there = validWhere(make(code));
      if (there === null) {
        const why = "no condition of a route knows this place";
        findings.todo(balancer.at(name, code), `${why}; such clients now go to the default pools`);
        return [];
      }
      const where = bothWheres(condition, there);
      return where === undefined ? [] : [{ where, pools, path: [name, code] }];
    }),
  );
  return [...places, rest];
}
