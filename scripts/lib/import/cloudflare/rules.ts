/**
 * Load balancing rules: a load balancer with other fields for some of its requests.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import { type Condition, parseCondition } from "./condition.ts";
import type { Item } from "./export.ts";
import type { CfLoadBalancer, CfRule } from "./schemas.ts";

/** A load balancer as it is for the requests of one route. */
export interface RoutedBalancer {
  readonly balancer: Item<CfLoadBalancer>;
  readonly host: string;
  /** null: any. */
  readonly path: string | null;
}

/** The load balancer for the requests of each rule that a route can say, in the order of routes, and then for all. */
export function withRules(balancer: Item<CfLoadBalancer>, findings: Findings): RoutedBalancer[] {
  const isOn = balancer.value.enabled !== false;
  const rules = [...((isOn ? balancer.value.rules : null) ?? []).entries()]
    .filter(([, rule]) => rule.disabled !== true)
    .sort(([, a], [, b]) => (a.priority ?? 0) - (b.priority ?? 0));
  const host = balancer.value.name.toLowerCase();
  const routed = firstMatching(rules).flatMap(([index, rule]) =>
    ruled(balancer, host, index, rule, findings),
  );
  return [...routed, { balancer, host, path: null }];
}

/** The first route that matches wins; of rules the last one that does, unless an earlier one ends it. */
function firstMatching(rules: readonly [number, CfRule][]): [number, CfRule][] {
  const [first, ...rest] = rules;
  if (first === undefined) return [];
  const others = firstMatching(rest);
  return first[1].terminates === true ? [first, ...others] : [...others, first];
}

function ruled(
  balancer: Item<CfLoadBalancer>,
  host: string,
  index: number,
  rule: CfRule,
  findings: Findings,
): RoutedBalancer[] {
  const at = balancer.at("rules", index);
  if (rule.fixed_response !== null && rule.fixed_response !== undefined) {
    findings.lost(at, "a fixed response: every request goes to an origin");
    return [];
  }
  const conditions = parseCondition(rule.condition ?? "")?.filter((condition) => mayHold(condition, host));
  const routes = conditions?.map((condition) => routeOf(condition, host)) ?? [null];
  if (routes.includes(null)) {
    findings.lost(at, `a route goes by host and path, not by ${JSON.stringify(rule.condition)}`);
    return [];
  }
  const prefixes = routes.flatMap((route) => (route?.isPrefix === true ? [route.path] : []));
  if (prefixes.length > 0) {
    findings.changed(at, `starts_with becomes ${prefixes.join(", ")}: whole segments of a path match`);
  }
  const overridden = override(balancer, index, rule);
  return routes.flatMap((route) =>
    route === null ? [] : [{ balancer: overridden, host: route.host, path: route.path }],
  );
}

/** @param host of the load balancer, which is all it ever sees: exact or `*.NAME` */
function mayHold(condition: Condition, host: string): boolean {
  if (condition.host === null || condition.host === host) return true;
  return host.startsWith("*.") && condition.host.endsWith(host.slice(1));
}

/** @returns null if no route can say it */
function routeOf(condition: Condition, host: string) {
  const { path } = condition;
  const isPrefix = path?.kind === "prefix";
  const text =
    path === null || path.kind === "exact" ? (path?.text ?? null) : `${path.text.replace(/\/$/, "")}/*`;
  const route = { host: condition.host ?? host, path: text, isPrefix };
  const isValid =
    routeSchema.shape.host.safeParse(route.host).success &&
    routeSchema.shape.path.safeParse(route.path).success;
  // An exact path that ends in "*" would become a prefix.
  return isValid && !(path?.kind === "exact" && path.text.endsWith("*")) ? route : null;
}

/** The load balancer with the rule's fields instead of its own; what is said of those is said of the rule. */
function override(balancer: Item<CfLoadBalancer>, index: number, rule: CfRule): Item<CfLoadBalancer> {
  const overrides = rule.overrides ?? {};
  return {
    value: { ...balancer.value, ...overrides, name: balancer.value.name, rules: null },
    at(...path) {
      const isOverridden = typeof path[0] === "string" && Object.hasOwn(overrides, path[0]);
      return isOverridden ? balancer.at("rules", index, "overrides", ...path) : balancer.at(...path);
    },
  };
}
