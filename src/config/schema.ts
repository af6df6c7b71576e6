/**
 * The configuration: one schema is the source of validation, of these types, of `schema/config.schema.json` and of
 * `docs/configuration.md`. Field names and units are those of the documents: snake_case, seconds.
 * @module
 */
import * as z from "zod";
import { id, object } from "./fields.ts";
import { poolSchema } from "./pool-schema.ts";
import { routesSchema } from "./routes-schema.ts";

export { poolSchema, routesSchema };

export const configFileSchema = object({
  $schema: z
    .string({ error: "must be a text" })
    .optional()
    .describe("Where an editor finds the JSON Schema of this file. Ignored."),
  routes: routesSchema
    .prefault([])
    .describe(
      "The first route that matches wins. No routes at all: the pool `default`, or the only pool, which keeps the traffic when another is added.",
    ),
  pools: z
    .record(id(), poolSchema, { error: "must be an object of pools by id" })
    .refine((pools) => Object.keys(pools).length > 0, { error: "must have at least one pool" })
    .describe("The pools, by id."),
});

/** A parsed pool: every default filled in; null where something is off. */
export type PoolConfig = DeepReadonly<z.output<typeof poolSchema>>;
export type OriginConfig = PoolConfig["origins"][number];
export type StickyConfig = NonNullable<PoolConfig["sticky"]>;
export type HealthCheckConfig = NonNullable<PoolConfig["health_check"]>;
export type OutlierDetectionConfig = NonNullable<PoolConfig["outlier_detection"]>;

/** A parsed route: exactly one of `pool`, `pools`, `split`, `respond` and `redirect` is not null. */
export type RouteConfig = DeepReadonly<z.output<typeof routesSchema>>[number];

export interface ConfigFile {
  readonly routes: readonly RouteConfig[];
  readonly pools: Readonly<Record<string, PoolConfig>>;
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
