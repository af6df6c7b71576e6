/**
 * The forms of what the admin API answers, for its OpenAPI document.
 * @module
 */
import * as z from "zod";

const time = (what: string) => z.number().describe(`${what}, in ms since the epoch`);
const nullableTime = (what: string) => time(what).nullable();
/** A document of the configuration, as its author wrote it. */
const configuration = z.unknown().describe("As its author wrote it; the schema is that of the PUT's body");

export const routesWriteSchema = z.object({
  version: z.number().describe("Version in force now"),
  etag: z.string(),
  changed: z.boolean().describe("false: it was in force already, and nothing happened"),
  stored: z.boolean().describe("false: in force, but KV does not have it yet; the object keeps trying"),
});

export const writeSchema = routesWriteSchema.extend({ pool: z.string() });

export const summarySchema = z.object({
  id: z.string(),
  algorithm: z.string().nullable(),
  origins: z.object({ total: z.number(), eligible: z.number() }),
  config_version: z.number(),
  config_error: z.string().nullable(),
  error: z.string().optional().describe("The pool's object could not be asked"),
});

export const originSchema = z.object({
  id: z.string(),
  url: z.string(),
  status: z.enum(["healthy", "unhealthy", "flapping"]),
  since: time("When the health in force began"),
  healthy: z.boolean(),
  ejected: z.boolean(),
  ejected_until: nullableTime("End of the ejection"),
  draining: z.boolean(),
  drained: z.boolean(),
  drain_deadline: nullableTime("End of the drain"),
  drain_started: nullableTime("Beginning of the drain").optional(),
  leaving: z.boolean().describe("Gone from the configuration; removed once it is drained"),
  weight_factor: z.number().describe("Slow start: share of the weight in force"),
  active_connections: z.number(),
  rate_limit: z
    .object({
      limit: z.number().describe("Requests in any one second"),
      granted: z.number().describe("What isolates hold the right to start"),
    })
    .nullish(),
  max_connections: z.number().nullish(),
  last_probe: z
    .object({ at: time("When"), passed: z.boolean(), detail: z.string(), duration_ms: z.number() })
    .nullable(),
});

export const poolAnswerSchema = z.object({
  id: z.string(),
  version: z.number(),
  etag: z.string(),
  config: configuration,
  config_error: z.string().nullable().describe("Why the last document found in KV was refused"),
  snapshot_version: z.number(),
  isolates: z.number(),
  panic: z.boolean().optional().describe("Unhealthy origins are used, because too few are healthy"),
  active_connections: z.number(),
  origins: z.array(originSchema),
});

export const changeSchema = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

export const versionSchema = z.object({
  version: z.number(),
  applied_at: time("When it came into force"),
  updated_at: nullableTime("When it was written"),
});

export const versionDetailSchema = versionSchema.extend({
  config: configuration,
  against: z.number().nullable().describe("The version it is compared with"),
  changes: z.array(changeSchema).describe("What it changed"),
});

export const eventSchema = z.object({
  at: time("When"),
  kind: z.string(),
  pool: z.string(),
  origin: z.string().optional(),
  who: z.string().optional(),
  detail: z.string().optional(),
});

export const probeSchema = z.object({
  origin: z.string(),
  passed: z.boolean().nullable().describe("null: not probed, because time was up"),
  detail: z.string(),
  duration_ms: z.number(),
});

const perSecond = (what: string) => z.number().describe(`${what} per second, over the last 10 to 20 s`);
const latency = z.number().nullable().describe("ms to the headers, of successes");
const share = (what: string) => z.number().nullable().describe(what);

const liveTraffic = {
  requests_per_second: perSecond("Attempts that ended"),
  error_rate: z.number(),
  retries_per_second: perSecond("Attempts beyond a request's first"),
  rate_limited_per_second: perSecond("Times passed over for a rate limit"),
  active_connections: z.number(),
  p50: latency,
  p90: latency,
  p99: latency,
};

export const livePoolSchema = z.object({
  pool: z.string(),
  at: time("When this was so"),
  configured: z.boolean(),
  config_version: z.number(),
  config_error: z.string().nullable(),
  algorithm: z.string().nullable(),
  coordination: z.string().nullable(),
  sticky: z.string().nullable().describe("How sessions are kept; null: they are not"),
  checked: z.boolean().describe("The pool has active checks"),
  panic: z.boolean(),
  isolates: z.number(),
  origin_count: z.number(),
  eligible_count: z.number(),
  ...liveTraffic,
  origins: z
    .array(
      originSchema.extend({
        ...liveTraffic,
        weight: z.number(),
        enabled: z.boolean(),
        backup: z.boolean(),
        eligible: z.boolean(),
        share: share("Of the pool's requests, 0 to 1; null: there were none"),
        intended_share: share("What the weights in force come to; null: the algorithm goes by load"),
        rate_limit: z.object({ limit: z.number(), granted: z.number() }).nullable(),
        max_connections: z.number().nullable(),
        ejection_steps: z.number().describe("How many times the base its last ejection lasted"),
      }),
    )
    .describe("If there are more than were asked for, those with trouble first"),
  events: z.array(eventSchema).describe("Newest first"),
});

export const previewSchema = z.object({
  version: z.number().describe("In force now; 0: there is no such pool"),
  etag: z.string(),
  changes: z.array(changeSchema).describe("What the document would change"),
});

const pickSchema = z.object({
  origin: z.string(),
  reason: z.enum(["affinity", "algorithm"]),
  certain: z.boolean().describe("false: chance, or what isolates hold, decides too"),
});

export const explanationSchema = z.object({
  pool: z.string(),
  configured: z.boolean(),
  algorithm: z.string(),
  coordination: z.string(),
  snapshot_version: z.number(),
  hash_key: z.string().nullable(),
  affinity: z
    .object({
      method: z.enum(["cookie", "ip", "ip_cookie"]),
      cookie: z.enum(["absent", "valid", "expired", "unknown"]).nullable(),
      origin: z.string().nullable(),
      left_out: z.string().nullable(),
    })
    .nullable(),
  panic: z.boolean(),
  candidates: z.array(
    z.object({
      id: z.string(),
      kept: z.boolean(),
      reason: z.string().describe("eligible, or why it was left out"),
      weight: z.number(),
      active_connections: z.number(),
      rate_limit: z.object({ limit: z.number(), granted: z.number() }).nullable(),
    }),
  ),
  pick: pickSchema.nullable(),
  lease: z
    .object({
      isolates: z.number().describe("That work for the pool now"),
      cursor: z.number().describe("Next round-robin position that no isolate was given"),
      active_connections: z.number().describe("In flight, as of the isolates' last reports"),
    })
    .optional(),
  unknown_here: z.array(z.string()).describe("What isolates know and the pool's object does not"),
});
