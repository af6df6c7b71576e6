/**
 * Computes the price of a usage, the meters that do not fit the free plan, and the changes that would make them fit.
 * @module
 */
import type { ConfigFile } from "../../../src/config/schema.ts";
import { FREE_CPU_MS, LOAD_BALANCING, METERS, type MeterName, PAID_PLAN } from "./prices.ts";
import { DAY_S, MONTH_S, type Usage } from "./usage.ts";

export type Plan = "free" | "paid";

export interface BillLine {
  readonly meter: MeterName;
  readonly title: string;
  readonly unit: string;
  readonly perDay: number;
  readonly perMonth: number;
  /** Included in the paid plan, per month. */
  readonly included: number;
  /** Price per month on the paid plan, beyond the included amount. */
  readonly dollars: number;
  /** Included in the free plan, per day; null: no limit. */
  readonly freePerDay: number | null;
}

export interface Bill {
  readonly plan: Plan;
  readonly lines: readonly BillLine[];
  /** A month. */
  readonly dollars: number;
  /** On the free plan: the meters that do not fit, and advice. */
  readonly problems: readonly string[];
  readonly loadBalancing: { readonly dollars: number; readonly isConfirmed: boolean };
}

export interface BilledLoad {
  readonly plan: Plan;
  readonly config: ConfigFile;
  readonly cpuMs: number;
  /** Authoritative DNS queries a month, for Cloudflare Load Balancing. */
  readonly dnsQueries: number;
  /** Computes the usage of another configuration under the same load. */
  readonly usageWith: (config: ConfigFile) => Usage;
}

export function billOf(usage: Usage, load: BilledLoad): Bill {
  const { plan, config, dnsQueries } = load;
  const lines = METERS.map(({ name, title, unit, freePerDay, included, dollars, per }): BillLine => {
    const perMonth = usage[name] * MONTH_S;
    const beyond = Math.max(0, perMonth - included);
    const perDay = usage[name] * DAY_S;
    return {
      meter: name,
      title,
      unit,
      perDay,
      perMonth,
      included,
      dollars: (beyond / per) * dollars,
      freePerDay,
    };
  });
  const usagesDollars = lines.reduce((sum, { dollars }) => sum + dollars, 0);
  return {
    plan,
    lines,
    dollars: plan === "free" ? 0 : PAID_PLAN.dollars + usagesDollars,
    problems: plan === "free" ? problemsOf(lines, load) : [],
    loadBalancing: { dollars: loadBalancing(config, dnsQueries), isConfirmed: LOAD_BALANCING.isConfirmed },
  };
}

/** Price of a month at Cloudflare Load Balancing, with as many endpoints as there are different origins. */
function loadBalancing(config: ConfigFile, dnsQueries: number): number {
  const { base, includedEndpoints, perEndpoint, includedQueries, queries, perQueries } = LOAD_BALANCING;
  const endpoints = new Set(
    Object.values(config.pools).flatMap(({ origins }) => origins.map(({ url }) => url)),
  );
  const moreEndpoints = Math.max(0, endpoints.size - includedEndpoints);
  const moreQueries = Math.max(0, dnsQueries - includedQueries);
  return base + moreEndpoints * perEndpoint + Math.ceil(moreQueries / queries) * perQueries;
}

function problemsOf(lines: readonly BillLine[], load: BilledLoad): string[] {
  const { cpuMs } = load;
  const problems = lines.flatMap(({ meter, title, unit, perDay, freePerDay }) => {
    if (freePerDay === null || perDay <= freePerDay) return [];
    const what = `${title}: ${number(perDay)}${unit === "" ? "" : ` ${unit}`} a day, the free plan has ${number(freePerDay)}`;
    return [`${what}. ${remedy(meter, perDay, freePerDay, load)}`];
  });
  if (cpuMs <= FREE_CPU_MS.limit) return problems;
  return [
    ...problems,
    `CPU: ${cpuMs} ms a request, the free plan has ${FREE_CPU_MS.limit}. Take the paid plan.`,
  ];
}

function remedy(meter: MeterName, perDay: number, freePerDay: number, load: BilledLoad): string {
  const paid = "take the paid plan";
  switch (meter) {
    case "objectCalls":
    case "rowsWritten": {
      const pools = Object.values(load.config.pools);
      if (pools.some(({ coordination }) => coordination === "strict"))
        return `Set "coordination" to "leased", which calls the object once a second, or ${paid}.`;
      const longest = Math.max(0, ...pools.map((pool) => pool.health_check?.interval ?? 0));
      const interval = Math.ceil((longest * perDay) / freePerDay);
      const slower = longest === 0 ? load.config : withInterval(load.config, interval);
      // A busy isolate calls once a second and its figures are stored, at any interval of the checks.
      if (longest === 0 || load.usageWith(slower)[meter] * DAY_S > freePerDay)
        return `There is one call a second from each busy isolate: ${paid}.`;
      return `Set "interval" of the checks to ${interval} s or more, or ${paid}.`;
    }
    case "objectDuration":
      return `One object that is never at rest fits: put the origins into one pool, or ${paid}.`;
    case "observability":
      return `Lower "log.sample" of the pools, or head_sampling_rate in wrangler.toml.`;
    case "requests":
    case "cpu":
    case "rowsRead":
    case "kvReads":
    case "kvWrites":
    case "kvLists":
    case "observabilityKept":
      return `${paid.charAt(0).toUpperCase()}${paid.slice(1)}.`;
  }
}

function withInterval(config: ConfigFile, interval: number): ConfigFile {
  const pools = Object.entries(config.pools).map(([id, pool]) => {
    const health_check = pool.health_check === null ? null : { ...pool.health_check, interval };
    return [id, { ...pool, health_check }] as const;
  });
  return { ...config, pools: Object.fromEntries(pools) };
}

/** `12,345`, `0.34` */
export function number(value: number): string {
  if (value === 0) return "0";
  return value.toLocaleString(
    "en-US",
    value < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 },
  );
}
