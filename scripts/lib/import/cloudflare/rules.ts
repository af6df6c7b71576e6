/**
 * Load balancing rules: a load balancer with other fields for some of its requests, or a fixed answer.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import type { Action, Rule } from "../model.ts";
import { type Condition, parseCondition } from "./condition.ts";
import type { Item } from "./export.ts";
import { fixedAnswer } from "./fixed-response.ts";
import { isUnset } from "./rest.ts";
import type { CfLoadBalancer, CfRule } from "./schemas.ts";

/** A load balancer, or an answer in its place, for some of the requests to a host. */
export interface RoutedBalancer extends Pick<Rule, "path" | "where"> {
  /** As it is for these requests. */
  readonly balancer: Item<CfLoadBalancer>;
  readonly host: string;
  /** What paths must begin with; null: no such condition. */
  readonly beginning: string | null;
  /** A rule's fixed response; null: the load balancer's pools. */
  readonly answer: Action | null;
}

/** The load balancer for the requests of each rule that a route can say, in the order of routes, and then for all. */
export function withRules(balancer: Item<CfLoadBalancer>, findings: Findings): RoutedBalancer[] {
  const isOn = balancer.value.enabled !== false;
  const rules = [...((isOn ? balancer.value.rules : null) ?? []).entries()]
    .filter(([, rule]) => rule.disabled !== true)
    .sort(([, a], [, b]) => (a.priority ?? 0) - (b.priority ?? 0));
  const host = balancer.value.name.toLowerCase();
  reportJoined(balancer, rules, findings);
  const routed = firstMatching(rules).flatMap(([index, rule]) =>
    ruled(balancer, host, index, rule, findings),
  );
  return [...routed, { balancer, host, path: null, beginning: null, where: null, answer: null }];
}

/** The first route that matches wins; of rules the last one that does, unless an earlier one ends it. */
function firstMatching(rules: readonly [number, CfRule][]): [number, CfRule][] {
  const [first, ...rest] = rules;
  if (first === undefined) return [];
  const others = firstMatching(rest);
  const ends = first[1].terminates === true || !isUnset(first[1].fixed_response);
  return ends ? [first, ...others] : [...others, first];
}

/** There, rules that match the same request add up, field by field; here the one that counts last decides alone. */
function reportJoined(
  balancer: Item<CfLoadBalancer>,
  rules: readonly [number, CfRule][],
  findings: Findings,
): void {
  const open = rules.filter(([, rule]) => rule.terminates !== true && isUnset(rule.fixed_response));
  for (const [position, [index, rule]] of open.entries()) {
    const own = overridesOf(rule);
    const lost = open.slice(0, position).flatMap(([, earlier]) => Object.keys(overridesOf(earlier)));
    const fields = [...new Set(lost)].filter((field) => !Object.hasOwn(own, field));
    if (fields.length === 0) continue;
    const message = `where an earlier rule matches too, its ${fields.join(", ")} held as well there; here this rule decides alone`;
    findings.todo(balancer.at("rules", index), message);
  }
}

function ruled(
  balancer: Item<CfLoadBalancer>,
  host: string,
  index: number,
  rule: CfRule,
  findings: Findings,
): RoutedBalancer[] {
  const at = balancer.at("rules", index);
  const conditions = parseCondition(rule.condition ?? "")?.filter((condition) => mayHold(condition, host));
  const routes = conditions?.map((condition) => routeOf(condition, host)) ?? [null];
  const fixed = isUnset(rule.fixed_response) ? null : rule.fixed_response;
  if (routes.includes(null)) {
    const instead = fixed ? "such requests were answered there, and" : "such requests";
    const message = `no route has the condition ${JSON.stringify(rule.condition)}; ${instead} now go where all others of ${host} go`;
    findings.todo(at, message);
    return [];
  }
  const known = routes.flatMap((route) => (route === null ? [] : [route]));
  reportConditions(known, at, findings);
  const answer = fixed ? fixedAnswer(fixed, at, findings) : null;
  if (answer !== null && known.some(({ path, where }) => path === null && where === null)) {
    const message = `every request to ${host} gets this fixed response, as it did; take its route away when ${host} is to be served`;
    findings.todo(at, message);
  }
  const overridden = override(balancer, index, rule);
  return known.map((route) => ({ ...route, balancer: overridden, answer }));
}

/** @param host of the load balancer, which is all it ever sees: exact or `*.NAME` */
function mayHold(condition: Condition, host: string): boolean {
  if (condition.host === null || condition.host === host) return true;
  return host.startsWith("*.") && condition.host.endsWith(host.slice(1));
}

type RuledRoute = Pick<RoutedBalancer, "host" | "path" | "beginning" | "where">;

/** @returns null if no route can say it */
function routeOf(condition: Condition, host: string): RuledRoute | null {
  const { path, where } = condition;
  const beginning = path?.kind === "prefix" ? path.text : null;
  const text = beginning === null ? (path?.text ?? null) : `${beginning.replace(/\/$/, "")}/*`;
  const route = { host: condition.host ?? host, path: text, where, beginning };
  const isValid =
    routeSchema.shape.host.safeParse(route.host).success &&
    routeSchema.shape.path.safeParse(route.path).success;
  // An exact path that ends in "*" would become a prefix.
  return isValid && !(path?.kind === "exact" && path.text.endsWith("*")) ? route : null;
}

function reportConditions(routes: readonly RuledRoute[], at: string, findings: Findings): void {
  for (const { path, where, beginning } of routes) {
    if (beginning !== null && !beginning.endsWith("/")) {
      const message = `paths such as ${beginning}x went there too, and now go where all others go`;
      findings.todo(
        at,
        `starts_with "${beginning}" becomes ${path ?? ""}, whole segments of a path: ${message}`,
      );
    }
    if (where !== null) findings.changed(at, `becomes a route with the condition ${JSON.stringify(where)}`);
  }
}

/** The load balancer with the rule's fields instead of its own; what is said of those is said of the rule. */
function override(balancer: Item<CfLoadBalancer>, index: number, rule: CfRule): Item<CfLoadBalancer> {
  const overrides = overridesOf(rule);
  return {
    value: { ...balancer.value, ...overrides, name: balancer.value.name, rules: null },
    at(...path) {
      const isOverridden = typeof path[0] === "string" && Object.hasOwn(overrides, path[0]);
      return isOverridden ? balancer.at("rules", index, "overrides", ...path) : balancer.at(...path);
    },
  };
}

/** The API and Terraform write absent ones as null, "" or an empty list. */
function overridesOf({ overrides }: CfRule): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(overrides ?? {}).filter(([, value]) => value === false || !isUnset(value)),
  );
}
