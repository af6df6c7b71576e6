/**
 * The schemas of the admin API's answers, for its OpenAPI document.
 * @module
 */
import * as z from "zod";
import type { OriginDescription, ProbeReport, VersionDescription } from "../../contract/admin.ts";
import type { PoolEvent } from "../../contract/events.ts";
import { poolStatusSchema } from "./pool-status-schema.ts";

/** @param meaning of the time */
export const time = (what: string) => z.number().describe(`${what}, in ms since the epoch`);
const nullableTime = (what: string) => time(what).nullable();
/** A document of the configuration, as its author wrote it. */
const configuration = z
  .unknown()
  .describe(
    "As its author wrote it, with secrets masked below the scope admin; the schema is that of the PUT's body",
  );

export const writtenText = z
  .string()
  .optional()
  .describe("The same with its author's comments and layout: for the scope admin, where they were kept");

export const routesWriteSchema = z.object({
  version: z.number().describe("Version in force now"),
  etag: z.string(),
  changed: z.boolean().describe("false: it was in force already, and nothing happened"),
  warning: z.string().optional().describe("What the writer should know: where requests go without routes"),
  stored: z.boolean().describe("false: in force, but KV does not have it yet; the object keeps trying"),
});

export const writeSchema = routesWriteSchema.extend({ pool: z.string() });

export const summarySchema = z.object({
  id: z.string(),
  algorithm: z.string().nullable(),
  origins: z.object({ total: z.number(), eligible: z.number() }),
  config_version: z.number(),
  config_error: z.string().nullable(),
  status: poolStatusSchema,
  error: z.string().optional().describe("The pool's object could not be asked"),
});

export const originSchema = z.object({
  id: z.string(),
  url: z.string(),
  binding: z.string().nullable().describe("Binding that it is reached through; null: over the network"),
  no_binding: z
    .literal(true)
    .exactOptional()
    .describe("The Worker lacks that binding, so the origin is not used"),
  status: z.enum(["healthy", "unhealthy", "flapping"]),
  since: time("When the health in force began"),
  healthy: z.boolean(),
  ejected: z.boolean(),
  ejected_until: nullableTime("End of the ejection"),
  draining: z.boolean(),
  drained: z.boolean(),
  drain_deadline: nullableTime("End of the drain"),
  drain_started: nullableTime("Beginning of the drain"),
  drained_since: nullableTime("Since when it is drained or being drained"),
  drained_by: z.string().nullable().describe("Name of the token that drained it"),
  removing: z.boolean().describe("Gone from the configuration; removed once it is drained"),
  weight_factor: z.number().describe("Slow start: share of the weight in force"),
  active_connections: z.number(),
  rate_limit: z
    .object({
      limit: z.number().describe("Requests in any one second"),
      granted: z.number().describe("What isolates hold the right to start"),
    })
    .nullable(),
  max_connections: z.number().nullable(),
  last_probe: z
    .object({ at: time("When"), passed: z.boolean(), detail: z.string(), duration_ms: z.number() })
    .nullable(),
}) satisfies z.ZodType<OriginDescription>;

export const poolAnswerSchema = z.object({
  id: z.string(),
  version: z.number(),
  etag: z.string(),
  config: configuration,
  written: writtenText,
  config_error: z.string().nullable().describe("Why the last document found in KV was refused"),
  snapshot_version: z.number(),
  isolates: z.number(),
  panic: z.boolean().describe("Unhealthy origins are used, because too few are healthy"),
  check_round: z
    .number()
    .nullable()
    .describe("Seconds in which active checks come round all origins; null: not known yet"),
  active_connections: z.number(),
  status: poolStatusSchema,
  origins: z.array(originSchema),
});

const changeSchema = z.object({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

export const versionSchema = z.object({
  version: z.number(),
  applied_at: time("When it came into force"),
  updated_at: nullableTime("When it was written"),
  who: z.string().exactOptional().describe("Name of the token that wrote it; absent: it came from KV"),
  message: z.string().exactOptional().describe("Why, in the writer's words"),
}) satisfies z.ZodType<Omit<VersionDescription, "document" | "written">>;

export const versionDetailSchema = versionSchema.extend({
  config: configuration,
  written: writtenText,
  against: z.number().nullable().describe("The version it is compared with"),
  changes: z.array(changeSchema).describe("What it changed"),
});

/** Kinds may be added. */
export const eventSchema = z.object({
  at: time("When"),
  kind: z.string(),
  pool: z.string(),
  origin: z.string().exactOptional(),
  who: z.string().exactOptional(),
  detail: z.string().exactOptional(),
}) satisfies z.ZodType<Omit<PoolEvent, "kind"> & { kind: string }>;

export const probeSchema = z.object({
  origin: z.string(),
  passed: z.boolean().nullable().describe("null: not probed, because time was up"),
  detail: z.string(),
  duration_ms: z.number(),
}) satisfies z.ZodType<ProbeReport>;

export const previewSchema = z.object({
  version: z.number().describe("In force now; 0: there is no such pool"),
  etag: z.string(),
  changes: z.array(changeSchema).describe("What the document would change"),
  warnings: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .describe("What is valid and most likely not meant"),
});
