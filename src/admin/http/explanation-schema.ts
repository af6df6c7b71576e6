/**
 * The form of the admin API's answer to where a request would go.
 * @module
 */
import * as z from "zod";
import { WHERE_FIELDS } from "../../config/where.ts";
import type {
  ExplainAnswer,
  ExplainedClient,
  ExplainedPool,
  ExplainedRoute,
  OwnAnswer,
} from "../../contract/explain-answer.ts";
import type { PassedRoute, SplitChoice } from "../../contract/explanation.ts";
import { steeringSchema } from "./steering-schema.ts";

const pickSchema = z.object({
  origin: z.string(),
  reason: z.enum(["affinity", "algorithm"]),
  certain: z.boolean().describe("false: chance, or what isolates hold, decides too"),
});

const becauseSchema = z
  .object({
    detail: z.string().nullable(),
    since: z.number().nullable().describe("ms since the epoch"),
    until: z.number().nullable().describe("When it ends by itself, ms since the epoch"),
    who: z.string().nullable().describe("Name of the token of who did it"),
  })
  .describe("What lies behind the verdict, or behind a state that panic ignores");

export const poolSchema = z.object({
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
      exclusion_reason: z.string().nullable(),
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
      rate_limit: z
        .object({ limit: z.number(), granted: z.number().describe("What isolates hold the right to start") })
        .nullable(),
      max_connections: z.number().nullable().exactOptional(),
      because: becauseSchema.nullable().exactOptional(),
    }),
  ),
  pick: pickSchema.nullable(),
  lease: z
    .object({
      isolates: z.number().describe("That work for the pool now"),
      cursor: z.number().describe("Next round-robin position that no isolate was given"),
      active_connections: z.number().describe("In flight, as of the isolates' last reports"),
    })
    .exactOptional(),
  unknown_here: z.array(z.string()).describe("What isolates know and the pool's object does not"),
}) satisfies z.ZodType<ExplainedPool>;

const splitSchema = z
  .object({
    client: z.string().describe("What it goes by: the client's address, of IPv6 its /64. Empty: unknown"),
    point: z.number().describe("Where the client falls, 0 to 100, exclusive"),
    shares: z
      .array(z.object({ pool: z.string(), from: z.number(), to: z.number() }))
      .describe("Each pool takes the points from `from` up to `to`, exclusive"),
  })
  .describe("How the split chose; null: the route has none") satisfies z.ZodType<SplitChoice>;

const routeSchema = z.object({
  index: z
    .number()
    .describe("Position in the routes; -1: there are none, and the only pool takes everything"),
  route: z.unknown().nullable().describe("Secrets masked below the scope admin, as in `matched_where`"),
  fallback_pool: z.string().nullable(),
  split: splitSchema.nullable(),
  matched_where: z
    .unknown()
    .nullable()
    .describe("The route's conditions, all of which are met; null: it has none"),
  sent_path: z.string().nullable().describe("The path that origins see; null: the client's"),
}) satisfies z.ZodType<ExplainedRoute>;

const clientSchema = z
  .object({
    country: z.string().describe("XX: unknown, T1: Tor"),
    continent: z.string().nullable(),
    subdivision: z.string().nullable(),
    region: z.string().nullable(),
    eu: z.boolean().nullable(),
    asn: z.number().nullable(),
    coordinates: z.object({ latitude: z.number(), longitude: z.number() }).nullable(),
    colo: z.string().nullable(),
  })
  .describe("Where the client is, as far as `cf` tells; null: unknown") satisfies z.ZodType<ExplainedClient>;

const passedSchema = z
  .array(
    z.object({
      index: z.number(),
      label: z.string().describe("Host, path and conditions"),
      by: z.enum(["host", "path", "where"]).describe("What of it the request does not match"),
      condition: z
        .enum(WHERE_FIELDS)
        .exactOptional()
        .describe("The first condition of `where` that is not met"),
    }),
  )
  .describe("The routes before the one that matched; all of them if none did") satisfies z.ZodType<
  PassedRoute[]
>;

const ownAnswerSchema = z.object({
  status: z.number(),
  type: z.string().describe("Of the problem; `answered_here`: the route answers by itself"),
}) satisfies z.ZodType<OwnAnswer>;

export const poolAnswerSchema = poolSchema.extend({
  route: routeSchema,
  passed: passedSchema,
  client: clientSchema,
  steering: steeringSchema.nullable(),
  further: z
    .array(poolSchema)
    .describe(
      "The pools it goes to after that, in turn, up to the one that serves it; empty: the first does",
    ),
  fallback: poolSchema.nullable().describe("The first of them; null: there is none"),
  answer: ownAnswerSchema.nullable().describe("Null: an origin answers"),
});

export const noPoolAnswerSchema = z.object({
  route: routeSchema.nullable().describe("Null: none matches; else it answers by itself"),
  passed: passedSchema,
  client: clientSchema,
  pool: z.null(),
  candidates: z.array(z.never()),
  pick: z.null(),
  answer: ownAnswerSchema,
});

export const explainAnswerSchema = z.union([
  poolAnswerSchema,
  noPoolAnswerSchema,
]) satisfies z.ZodType<ExplainAnswer>;
