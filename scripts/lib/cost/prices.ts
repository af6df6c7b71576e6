/**
 * Cloudflare's prices in dollars, read on 30 November 2026 in its documentation (github.com/cloudflare/cloudflare-docs,
 * the newest stored copies); each entry names its page. "Million" is 10^6.
 * @module
 */

export const PRICES_READ = "2026-11-30";

export type MeterName =
  | "requests"
  | "cpu"
  | "objectCalls"
  | "objectDuration"
  | "rowsWritten"
  | "rowsRead"
  | "kvReads"
  | "kvWrites"
  | "kvLists"
  | "observability"
  | "observabilityKept";

export interface Meter {
  readonly name: MeterName;
  readonly title: string;
  readonly unit: string;
  /** Included in the free plan, per day. */
  readonly freePerDay: number | null;
  /** Included in the paid plan, per month. */
  readonly included: number;
  /** Dollars for `per` units beyond the included ones. */
  readonly dollars: number;
  readonly per: number;
  /** Page of developers.cloudflare.com. */
  readonly source: string;
}

const MILLION = 1_000_000;

/** Dollars a month; includes the amounts named at each meter. */
export const PAID_PLAN = { dollars: 5, source: "/workers/platform/pricing/" } as const;

/** Milliseconds of CPU that one request may take on the free plan. */
export const FREE_CPU_MS = { limit: 10, source: "/workers/platform/limits/" } as const;

export const METERS: readonly Meter[] = [
  {
    name: "requests",
    title: "Requests",
    unit: "",
    freePerDay: 100_000,
    included: 10 * MILLION,
    dollars: 0.3,
    per: MILLION,
    source: "/workers/platform/pricing/",
  },
  {
    name: "cpu",
    title: "CPU",
    unit: "ms",
    freePerDay: null,
    included: 30 * MILLION,
    dollars: 0.02,
    per: MILLION,
    source: "/workers/platform/pricing/",
  },
  {
    name: "objectCalls",
    title: "Object calls and alarms",
    unit: "",
    freePerDay: 100_000,
    included: MILLION,
    dollars: 0.15,
    per: MILLION,
    source: "/durable-objects/platform/pricing/",
  },
  {
    name: "objectDuration",
    title: "Objects awake, at most",
    unit: "GB-s",
    freePerDay: 13_000,
    included: 400_000,
    dollars: 12.5,
    per: MILLION,
    source: "/durable-objects/platform/pricing/",
  },
  {
    name: "rowsWritten",
    title: "Rows written",
    unit: "",
    freePerDay: 100_000,
    included: 50 * MILLION,
    dollars: 1,
    per: MILLION,
    source: "/durable-objects/platform/pricing/",
  },
  {
    name: "rowsRead",
    title: "Rows read",
    unit: "",
    freePerDay: 5 * MILLION,
    included: 25_000 * MILLION,
    dollars: 0.001,
    per: MILLION,
    source: "/durable-objects/platform/pricing/",
  },
  {
    name: "kvReads",
    title: "KV reads",
    unit: "",
    freePerDay: 100_000,
    included: 10 * MILLION,
    dollars: 0.5,
    per: MILLION,
    source: "/kv/platform/pricing/",
  },
  {
    name: "kvWrites",
    title: "KV writes",
    unit: "",
    freePerDay: 1_000,
    included: MILLION,
    dollars: 5,
    per: MILLION,
    source: "/kv/platform/pricing/",
  },
  {
    name: "kvLists",
    title: "KV lists",
    unit: "",
    freePerDay: 1_000,
    included: MILLION,
    dollars: 5,
    per: MILLION,
    source: "/kv/platform/pricing/",
  },
  {
    // From 1 December 2026 on logs and traces are charged by size together, no longer by number.
    name: "observability",
    title: "Logs and traces",
    unit: "GB",
    freePerDay: 0.5,
    included: 50,
    dollars: 0.25,
    per: 1,
    source: "/observability/pricing/",
  },
  {
    name: "observabilityKept",
    title: "Logs and traces kept",
    unit: "GB-month",
    freePerDay: null,
    included: 12,
    dollars: 0.1,
    per: 1,
    source: "/observability/pricing/",
  },
];

/** Days that logs and traces are kept, and counted as stored. */
export const KEPT_DAYS = 7;

/**
 * Cloudflare Load Balancing. Its documentation names the meters, endpoints and authoritative DNS queries, but no prices;
 * these are what users of it publish (a relay's cost table and a comparison of balancers on GitHub, read on 30 November
 * 2026). Not confirmed: the order page counts.
 */
export const LOAD_BALANCING = {
  isConfirmed: false,
  /** A month, with two endpoints. */
  base: 5,
  includedEndpoints: 2,
  perEndpoint: 5,
  includedQueries: 500_000,
  /** For so many DNS queries beyond. */
  queries: 500_000,
  perQueries: 0.5,
} as const;
