/**
 * What Cloudflare's Load Balancing API gives, as far as it is looked at. Tolerant: unknown keys pass, and `null`
 * stands for absent, because the API writes it so. Ranges are not checked here; what is made of them is.
 *
 * Source: Cloudflare API v4, Load Balancers, Pools and Monitors.
 * @module
 */
import * as z from "zod";

const text = z.string({ error: "must be a text" });
const number = z.number({ error: "must be a number" });
const flag = z.boolean({ error: "must be true or false" });

function list<T extends z.ZodType>(item: T) {
  return z.array(item, { error: "must be a list" });
}

function object<T extends z.ZodRawShape>(shape: T) {
  return z.looseObject(shape, { error: "must be an object" });
}

function map<T extends z.ZodType>(value: T) {
  return z.record(z.string(), value, { error: "must be an object" });
}

const originSchema = object({
  name: text.nullish(),
  address: text,
  port: number.nullish(),
  enabled: flag.nullish(),
  weight: number.nullish(),
  header: map(list(text)).nullish(),
  virtual_network_id: text.nullish(),
});

export const poolSchema = object({
  id: text,
  name: text,
  enabled: flag.nullish(),
  monitor: text.nullish(),
  minimum_origins: number.nullish(),
  latitude: number.nullish(),
  longitude: number.nullish(),
  origin_steering: object({ policy: text.nullish() }).nullish(),
  load_shedding: object({
    default_percent: number.nullish(),
    default_policy: text.nullish(),
    session_percent: number.nullish(),
    session_policy: text.nullish(),
  }).nullish(),
  origins: list(originSchema),
});

export const monitorSchema = object({
  id: text,
  type: text.nullish(),
  method: text.nullish(),
  path: text.nullish(),
  port: number.nullish(),
  header: map(list(text)).nullish(),
  expected_codes: text.nullish(),
  expected_body: text.nullish(),
  interval: number.nullish(),
  timeout: number.nullish(),
  retries: number.nullish(),
  consecutive_up: number.nullish(),
  consecutive_down: number.nullish(),
  follow_redirects: flag.nullish(),
  allow_insecure: flag.nullish(),
});

const affinityShape = {
  session_affinity: text.nullish(),
  session_affinity_ttl: number.nullish(),
  session_affinity_attributes: object({
    drain_duration: number.nullish(),
    headers: list(text).nullish(),
    require_all_headers: flag.nullish(),
    samesite: text.nullish(),
    secure: text.nullish(),
    zero_downtime_failover: text.nullish(),
  }).nullish(),
};

/** What a load balancer has, and a rule may override. */
const steeringShape = {
  default_pools: list(text).nullish(),
  fallback_pool: text.nullish(),
  steering_policy: text.nullish(),
  random_steering: object({
    default_weight: number.nullish(),
    pool_weights: map(number).nullish(),
  }).nullish(),
  region_pools: map(list(text)).nullish(),
  country_pools: map(list(text)).nullish(),
  pop_pools: map(list(text)).nullish(),
  adaptive_routing: object({ failover_across_pools: flag.nullish() }).nullish(),
  ...affinityShape,
};

const ruleSchema = object({
  name: text.nullish(),
  condition: text.nullish(),
  disabled: flag.nullish(),
  priority: number.nullish(),
  terminates: flag.nullish(),
  fixed_response: object({
    status_code: number.nullish(),
    content_type: text.nullish(),
    message_body: text.nullish(),
    location: text.nullish(),
  }).nullish(),
  overrides: object(steeringShape).nullish(),
});

export const loadBalancerSchema = object({
  id: text.nullish(),
  name: text,
  enabled: flag.nullish(),
  proxied: flag.nullish(),
  rules: list(ruleSchema).nullish(),
  ...steeringShape,
});

export type CfOrigin = z.output<typeof originSchema>;
export type CfPool = z.output<typeof poolSchema>;
export type CfMonitor = z.output<typeof monitorSchema>;
export type CfLoadBalancer = z.output<typeof loadBalancerSchema>;
export type CfRule = z.output<typeof ruleSchema>;
export type CfFixedResponse = NonNullable<CfRule["fixed_response"]>;
