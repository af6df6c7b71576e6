/**
 * One pool, as it stands under `pool:<id>` in KV and under `pools` in a file.
 * @module
 */
import * as z from "zod";
import { ALGORITHMS } from "../core/algorithm.ts";
import { flag, id, integer, list, number, object, oneOf, text, textThat } from "./fields.ts";
import { healthCheckSchema, outlierDetectionSchema } from "./health-schema.ts";
import { isHttpUrl, isOriginUrl } from "./urls.ts";

const MAX_ORIGINS = 5_000;
const MAX_COOKIE_AGE = 34_560_000; // 400 days: browsers keep no cookie longer (RFC 6265bis, 5.5).
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";

const weight = number(0, 1_000).refine((value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-9, {
  error: "must have at most two decimals",
});

export const originSchema = object({
  id: id().describe("Name of the origin, unique in its pool. Its state is kept under it."),
  url: textThat(isOriginUrl, "must be a http or https URL, without credentials, query or fragment").describe(
    "Where the origin is: http or https, optionally a port and a path that is put before each request's path. Workers cannot fetch IP addresses, so a DNS name.",
  ),
  weight: weight
    .default(1)
    .describe(
      "Share of the traffic relative to the others, at most two decimals. 0: not picked, but keeps its sessions.",
    ),
  rate_limit: integer(1, 1_000_000)
    .nullable()
    .default(null)
    .describe("Most requests in any one second. Wins over the pool's."),
  max_connections: integer(1, 1_000_000)
    .nullable()
    .default(null)
    .describe("Most requests in flight at once."),
  backup: flag().default(false).describe("Used only when no other origin is eligible."),
  enabled: flag().default(true).describe("false: takes no traffic at all."),
});

const stickyObject = object({
  method: oneOf(["cookie", "ip", "ip_cookie"])
    .default("cookie")
    .describe(
      "`cookie`: the algorithm picks, a cookie keeps. `ip`: the client's address picks, no cookie. `ip_cookie`: the address picks, a cookie keeps.",
    ),
  ttl: integer(1, MAX_COOKIE_AGE).default(3_600).describe("Seconds a session lasts after its last request."),
  cookie_name: text(new RegExp(`^${TOKEN}$`), "must be a cookie name")
    .default("__lb")
    .describe("Name of the cookie."),
});

const sticky = z
  .union([z.boolean(), stickyObject, z.null()], { error: "must be true, false or an object" })
  .transform((value) => (typeof value === "boolean" ? (value ? stickyObject.parse({}) : null) : value));

const STATUS_RULE = 'must be "connect_failure", "timeout" or a status from 400 to 599';

const failover = object({
  max_attempts: integer(1, 10).default(3).describe("Most attempts for one request, the first included."),
  retry_on: list(
    z.union([z.enum(["connect_failure", "timeout"]), integer(400, 599, STATUS_RULE)], { error: STATUS_RULE }),
    0,
    50,
  )
    .default(["connect_failure", "timeout", 502, 503, 504])
    .describe(
      'What sends a request on to another origin: `"connect_failure"`, `"timeout"`, statuses 400 to 599.',
    ),
  attempt_timeout: number(0.1, 600)
    .default(10)
    .describe("Seconds until an attempt must have answered with headers. The body may take longer."),
  total_timeout: number(0.1, 600).default(30).describe("Seconds for all attempts together."),
  max_body_bytes: integer(0, 10_485_760)
    .default(65_536)
    .describe("Largest request body in bytes that is kept for a second attempt. A larger one is sent once."),
  retry_non_idempotent: flag()
    .default(false)
    .describe("Send POST and PATCH again even without an `Idempotency-Key` header."),
  retry_budget_percent: number(0, 1_000)
    .default(20)
    .describe("Retries allowed, as a percentage of the pool's recent requests."),
});

const log = object({
  sample: number(0, 1)
    .default(1)
    .describe("Share of the requests that are logged. Errors and slow requests are logged always."),
  slow: number(0, 600).default(1).describe("Seconds from which a request counts as slow."),
});

const BALANCE_RULE = "must be 0 or a whole number from 100 to 1000";

export const poolSchema = object({
  algorithm: oneOf(ALGORITHMS).default("round_robin").describe("What chooses among the eligible origins."),
  coordination: oneOf(["leased", "strict"])
    .default("leased")
    .describe(
      "`leased`: requests never wait for the Durable Object. `strict`: each pick asks it, for an exact global order.",
    ),
  origins: list(originSchema, 1, MAX_ORIGINS)
    .superRefine(refuseRepeatedIds)
    .describe("The origins to choose from."),
  rate_limit: integer(1, 1_000_000)
    .nullable()
    .default(null)
    .describe("Most requests in any one second to each origin."),
  sticky: sticky
    .prefault(false)
    .describe(
      'Keeps a client on one origin. `true`: `{ "method": "cookie", "ttl": 3600, "cookie_name": "__lb" }`.',
    ),
  hash_key: text(
    new RegExp(`^(client_ip|path|query:[^\\s&=#]{1,128}|(header|cookie):${TOKEN})$`),
    'must be "client_ip", "path", "header:NAME", "cookie:NAME" or "query:NAME"',
  )
    .default("client_ip")
    .describe(
      "What `consistent_hash` goes by: `client_ip`, `path`, `header:NAME`, `cookie:NAME` or `query:NAME`. A request without it, or with an empty one, is sent round robin.",
    ),
  hash_balance_factor: integer(0, 1_000, BALANCE_RULE)
    .refine((value) => value === 0 || value >= 100, BALANCE_RULE)
    .default(0)
    .describe(
      "For `consistent_hash`: most load of an origin, as a percentage of the average; 100 to 1000. 0: no bound.",
    ),
  health_check: healthCheckSchema.nullable().default(null).describe("Active checks."),
  outlier_detection: outlierDetectionSchema
    .nullable()
    .default(null)
    .describe("Ejects origins that fail live traffic."),
  failover: failover.prefault({}).describe("When a request is sent on to another origin."),
  slow_start: number(0, 3_600)
    .default(0)
    .describe("Seconds over which an origin that came back grows to its full share."),
  drain_timeout: number(0, 86_400).default(300).describe("Seconds a draining origin keeps its sessions."),
  panic_threshold: number(0, 100)
    .default(0)
    .describe("Percentage of healthy origins below which health is ignored. 0: never."),
  notify_url: textThat(isHttpUrl, "must be a http or https URL")
    .nullable()
    .default(null)
    .describe("Gets a JSON POST on every health transition."),
  log: log.prefault({}).describe("The request log."),
});

function refuseRepeatedIds(origins: readonly { id: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, origin] of origins.entries()) {
    if (seen.has(origin.id)) {
      context.addIssue({ code: "custom", path: [index, "id"], message: "must be unique in its pool" });
    }
    seen.add(origin.id);
  }
}
