/**
 * The schemas of the admin API's answers about traffic: answers to clients, and the present state of a pool.
 * @module
 */
import * as z from "zod";
import { FAILURE_KINDS } from "../../contract/live.ts";
import type { ClientFigures } from "../../contract/stats.ts";
import { ANSWER_CLASSES } from "../../core/metrics/client-counts.ts";
import { poolStatusSchema } from "./pool-status-schema.ts";
import { eventSchema, originSchema, time } from "./schemas.ts";

const classes = z.record(z.enum(ANSWER_CLASSES), z.number());
const keyed = z
  .array(
    z.object({
      key: z.string().describe('A route as host and path, or a host; "": all others together'),
      requests: z.number(),
      failed: z.number(),
      answers: classes,
    }),
  )
  .describe("Most failing first");
const quantile = z.number().nullable().describe("ms from the request's arrival to the answer's headers");

export const clientsSchema = z.object({
  requests: z.number().describe("Answered, by an origin or by the balancer"),
  failed: z.number().describe("Answered with a status of 500 to 599"),
  availability: z.number().nullable().describe("1 - failed / requests; null: no requests"),
  answers: classes,
  client_closed: z.number().describe("Clients that left before they had an answer; not among requests"),
  problems: z.record(z.string(), z.number()).describe("Answers made by the balancer, by type"),
  routes: keyed,
  hosts: keyed,
  p50: quantile,
  p90: quantile,
  p99: quantile,
  seconds: z.number().describe("Seconds that the counts are of"),
  requests_per_second: z.number(),
  failed_per_second: z.number(),
}) satisfies z.ZodType<ClientFigures>;

const perSecond = (what: string) => z.number().describe(`${what} per second, over the last 10 to 20 s`);
const latency = z.number().nullable().describe("ms to the headers, of successes");
const share = (what: string) => z.number().nullable().describe(what);

const liveTraffic = {
  requests_per_second: perSecond("Attempts that ended"),
  error_rate: z.number(),
  failures: z
    .partialRecord(z.enum(FAILURE_KINDS), z.number())
    .describe("Share of the attempts that failed so, by kind"),
  retries_per_second: perSecond("Attempts beyond a request's first"),
  rate_limited_per_second: perSecond("Times passed over for a rate limit"),
  answers_broken_off_per_second: perSecond("Answers that an origin broke off after their headers").optional(),
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
  shared_by: z
    .enum(["count", "weight", "load", "order"])
    .nullable()
    .describe("What the origins' shares go by"),
  coordination: z.string().nullable(),
  sticky: z.string().nullable().describe("How sessions are kept; null: they are not"),
  checked: z.boolean().describe("The pool has active checks"),
  attempt_timeout: z.number().nullable().describe("Longest that an origin may take to answer, in s"),
  panic: z.boolean(),
  clients: clientsSchema.nullable().describe("What clients got"),
  isolates: z.number(),
  status: poolStatusSchema,
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
        expected_share: share("What the weights in force come to; null: the algorithm goes by load"),
        ejection_steps: z.number().describe("How many times the base its last ejection lasted"),
      }),
    )
    .describe("If there are more than were asked for, those with trouble first"),
  events: z.array(eventSchema).describe("Newest first"),
});
