/**
 * The schema of one pool: the value of `pool:<id>` in KV, and of an entry of `pools` in a file.
 * @module
 */
import * as z from "zod";
import { ALGORITHMS } from "../core/algorithms/index.ts";
import { flag, integer, list, number, object, oneOf, text, textThat, unmasked } from "./fields.ts";
import { healthCheckSchema, outlierDetectionSchema } from "./health-schema.ts";
import { originSchema, refuseTcpChecks } from "./origin-schema.ts";
import { poolRoutingFields } from "./pool-routing-schema.ts";
import { isHttpUrl } from "./urls.ts";

const MAX_ORIGINS = 5_000;
const MAX_COOKIE_AGE = 34_560_000; // 400 days: browsers keep no cookie longer (RFC 6265bis, 5.5).
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}";

const stickyObject = object({
  method: oneOf(["cookie", "ip", "ip_cookie"])
    .default("cookie")
    .describe(
      "`cookie`: the algorithm picks, and a cookie keeps the client there. `ip`: the client's address picks, without a cookie. `ip_cookie`: the address picks, and a cookie keeps the client there.",
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
      'Failures after which a request is sent on to another origin: `"connect_failure"`, `"timeout"`, statuses 400 to 599.',
    ),
  attempt_timeout: number(0.1, 600)
    .default(10)
    .describe(
      "Seconds from the end of the request's body until an attempt must have answered with headers; its body may take longer. Also the longest pause within the request's body.",
    ),
  total_timeout: number(0.1, 600)
    .default(30)
    .describe("Seconds for all attempts together, without the time the request's body takes."),
  max_body_bytes: integer(0, 10_485_760)
    .default(65_536)
    .describe(
      "Largest request body in bytes that is read first and kept for a second attempt. A larger one streams once.",
    ),
  retry_non_idempotent: flag()
    .default(false)
    .describe(
      "Send POST, PATCH and other methods that are not idempotent again even without an `Idempotency-Key` header.",
    ),
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

/**
 * Kinds of events that `notify_url` can get: all there are but one (contract/events.ts). What each says stands in
 * docs/operations.md, under notifications.
 */
export const NOTIFIED_EVENTS = [
  "healthy",
  "unhealthy",
  "flapping",
  "ejected",
  "unejected",
  "not_ejected",
  "drain_started",
  "drained",
  "undrained",
  "removed",
  "config_applied",
  "config_refused",
  "pool_down",
  "pool_up",
  "pool_available",
  "pool_unavailable",
  "pool_returning",
  "pool_spilling",
  "checks_late",
  "checks_in_time",
  "audit",
] as const;

const BALANCE_RULE = "must be 0 or a whole number from 100 to 1000";

export const poolSchema = object({
  algorithm: oneOf(ALGORITHMS)
    .default("round_robin")
    .describe("The rule that chooses among the eligible origins."),
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
      "The part of a request that `consistent_hash` hashes: `client_ip`, `path`, `header:NAME`, `cookie:NAME` or `query:NAME`. A request without it, or with an empty one, is sent round robin.",
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
    .describe("Seconds over which an origin that came back grows to its full share, whatever the algorithm."),
  drain_timeout: number(0, 86_400).default(300).describe("Seconds a draining origin keeps its sessions."),
  count_websockets: flag()
    .default(false)
    .describe(
      "Count WebSockets to their end, so that drains wait for them. They are relayed then: messages of at most 32 MiB, and no back-pressure. Pools that need connection counts count them anyway.",
    ),
  panic_threshold: number(0, 100)
    .default(0)
    .describe(
      "Health is ignored while a smaller percentage of the origins is healthy. Backups and others are counted apart, and health is not ignored while a healthy origin of the other kind can take over. 0: never.",
    ),
  ...poolRoutingFields,
  notify_url: unmasked(textThat(isHttpUrl, "must be a http or https URL"))
    .nullable()
    .default(null)
    .describe("Gets a JSON POST on every event of `notify_on`."),
  notify_on: list(oneOf(NOTIFIED_EVENTS), 0, NOTIFIED_EVENTS.length)
    .default(["healthy", "unhealthy", "flapping", "ejected", "unejected"])
    .describe("The events that `notify_url` gets."),
  log: log.prefault({}).describe("The request log."),
}).superRefine(refuseTcpChecks);

function refuseRepeatedIds(origins: readonly { id: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, origin] of origins.entries()) {
    if (seen.has(origin.id)) {
      context.addIssue({ code: "custom", path: [index, "id"], message: "must be unique in its pool" });
    }
    seen.add(origin.id);
  }
}
