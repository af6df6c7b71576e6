/**
 * From `unknown` to a frozen configuration with every default filled in, or to all that is wrong with it. Nothing
 * after this checks again. What was parsed can be parsed again and stays the same.
 * @module
 */
import type * as z from "zod";
import { type ConfigError, type ConfigPath, configError, describeValue, errorsOf } from "./errors.ts";
import {
  type ConfigFile,
  configFileSchema,
  type PoolConfig,
  poolSchema,
  type RouteConfig,
  routesSchema,
} from "./schema.ts";
import { suggest } from "./suggest.ts";
import { hasLocalHost } from "./urls.ts";

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

export interface ParseOptions {
  /** Allow origins at IP addresses and at localhost, which only work locally. Default false. */
  readonly allowIpOrigins?: boolean;
  /** Where in a larger whole the value stands: put before each error's path. Default: nowhere. */
  readonly path?: ConfigPath;
}

/** Parses one pool. For a document of KV pass `path: ["pools", id]`. */
export function parsePool(value: unknown, options: ParseOptions = {}): Result<PoolConfig> {
  const { path = [] } = options;
  return parseWith<PoolConfig>(poolSchema, value, path, originHostErrors(value, path, options));
}

/**
 * A parsed pool that came from another version of this code: what that did not know yet is filled in. What this one
 * does not know stays as it is.
 */
export function completePool(pool: PoolConfig): PoolConfig {
  // What one parsed origin lacks they all lack, and parsing 5,000 takes 20 ms.
  const sample = { ...pool, origins: pool.origins.slice(0, 1) };
  const completed = poolSchema.safeParse(sample);
  const isComplete = !completed.success || size(completed.data) === size(sample);
  return isComplete ? pool : (poolSchema.safeParse(pool).data ?? pool);
}

function size(value: unknown): number {
  return JSON.stringify(value).length;
}

/** Parses the document `routes`. Whether its pools exist is `checkReferences`. */
export function parseRoutes(value: unknown, options: ParseOptions = {}): Result<readonly RouteConfig[]> {
  return parseWith<readonly RouteConfig[]>(routesSchema, value, options.path ?? ["routes"], []);
}

/** Parses a whole file, and that every pool its routes name is in it. */
export function parseConfigFile(value: unknown, options: ParseOptions = {}): Result<ConfigFile> {
  const { path = [] } = options;
  const hostErrors = Object.entries(record(record(value).pools)).flatMap(([id, pool]) =>
    originHostErrors(pool, [...path, "pools", id], options),
  );
  const parsed = parseWith<ConfigFile>(configFileSchema, value, path, hostErrors);
  if (!parsed.ok) return parsed;
  const { routes, pools } = parsed.value;
  const errors = checkReferences(routes, Object.keys(pools), [...path, "routes"]);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: Object.freeze({ routes, pools }) };
}

/** An error for each pool that a route names and that is not one of `poolIds`. */
export function checkReferences(
  routes: readonly RouteConfig[],
  poolIds: Iterable<string>,
  path: ConfigPath = ["routes"],
): ConfigError[] {
  const known = new Set(poolIds);
  const rule = "must be a pool that exists";
  return routes.flatMap((route, index) =>
    references(route)
      .filter(({ pool }) => !known.has(pool))
      .map(({ pool, field }) =>
        configError(
          { path: [...path, index, ...field], at: "value", rule, found: describeValue(pool) },
          suggest(pool, known),
        ),
      ),
  );
}

function references(route: RouteConfig): { pool: string; field: ConfigPath }[] {
  const found: { pool: string; field: ConfigPath }[] = [];
  if (route.pool !== null) found.push({ pool: route.pool, field: ["pool"] });
  for (const [index, { pool }] of (route.split ?? []).entries()) {
    found.push({ pool, field: ["split", index, "pool"] });
  }
  if (route.fallback_pool !== null) found.push({ pool: route.fallback_pool, field: ["fallback_pool"] });
  return found;
}

function parseWith<T>(
  schema: z.ZodType,
  value: unknown,
  path: ConfigPath,
  further: readonly ConfigError[],
): Result<T> {
  const parsed = schema.safeParse(value);
  const errors = [...(parsed.success ? [] : errorsOf(parsed.error.issues, schema, value, path)), ...further];
  if (!parsed.success || errors.length > 0) return { ok: false, errors };
  return { ok: true, value: deepFreeze(parsed.data) as T };
}

// Outside the schema, because it depends on where the configuration will run. Looks at the value as it came, so
// that these errors come together with the schema's.
function originHostErrors(pool: unknown, path: ConfigPath, options: ParseOptions): ConfigError[] {
  const { origins } = record(pool);
  if (options.allowIpOrigins === true || !Array.isArray(origins)) return [];
  return origins.flatMap((origin, index) => {
    const { url } = record(origin);
    if (typeof url !== "string" || !hasLocalHost(url)) return [];
    const rule = "must have a DNS name as its host: Workers cannot fetch IP addresses or localhost";
    return [
      configError({ path: [...path, "origins", index, "url"], at: "value", rule, found: describeValue(url) }),
    ];
  });
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
