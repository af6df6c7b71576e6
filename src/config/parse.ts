/**
 * Turns an unknown value into a frozen configuration with every default filled in, or into the list of all its errors.
 * Code after this does not check again. Parsing a parsed configuration gives the same one.
 * @module
 */
import type * as z from "zod";
import {
  type ConfigError,
  type ConfigPath,
  configError,
  describeValue,
  errorsOf,
  formatPath,
  valueAt,
} from "./errors.ts";
import { namedPools } from "./route-pools.ts";
import {
  type ConfigFile,
  configFileSchema,
  type PoolConfig,
  poolSchema,
  type RouteConfig,
  routesSchema,
} from "./schema.ts";
import { MOST_SUGGESTED, suggest } from "./suggest.ts";
import { hasLocalHost, hasPrivateHost } from "./urls.ts";

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

export interface ParseOptions {
  /** Allow origins and `notify_url` at IP addresses and at localhost, which only work locally. Default false. */
  readonly allowIpOrigins?: boolean;
  /** Path of the value in a larger document, put before each error's path. Default: empty. */
  readonly path?: ConfigPath;
}

interface RoutesOptions extends Pick<ParseOptions, "path"> {
  /** The pools that routes may name. Absent: any. */
  readonly pools?: Iterable<string>;
}

/** Parses one pool. For a document of KV pass `path: ["pools", id]`. */
export function parsePool(value: unknown, options: ParseOptions = {}): Result<PoolConfig> {
  const { path = [] } = options;
  return parseWith<PoolConfig>(poolSchema, value, path, hostErrors(value, path, options));
}

/**
 * A parsed pool that came from another version of this code, as this one understands it. Fields that the other version
 * did not know get their defaults. Fields that this version does not know stay as they are. In place of a value that it
 * does not know, such as the name of a new algorithm, stands that of `known`, so that the rest is of use, above all the
 * origins.
 * @param known what this version went by before; null: its defaults are taken
 * @returns also the fields that it does not understand, as an error names them
 */
export function understoodPool(
  pool: PoolConfig,
  known: PoolConfig | null,
): { config: PoolConfig; strange: string[] } {
  const sample = sampleOf(pool);
  const parsed = poolSchema.safeParse(sample);
  const errors = errorsOf(parsed.error?.issues ?? [], poolSchema, sample, []);
  const strange = errors.filter(({ at, path }) => at === "value" && path[0] !== "origins");
  const unknown = errors.filter(({ at }) => at === "key");
  if (strange.length + unknown.length === 0) return { config: completePool(pool, parsed), strange: [] };
  const config = structuredClone(pool);
  // With a field that it does not know, nothing would get its default.
  for (const { path } of unknown) remove(config, path);
  // The last of a list first, so that the others keep their places.
  for (const { path } of strange.toReversed()) replace(config, path, known ?? poolSchema.parse(ANY_POOL));
  const completed = completePool(config);
  return {
    config: completed === config && strange.length === 0 ? pool : completed,
    strange: strange.map(({ path }) => formatPath(path)),
  };
}

/** Takes the field at `path` away; one of an origin, from all of them. */
function remove(config: PoolConfig, path: ConfigPath): void {
  const isOfOrigin = path[0] === "origins" && path.length > 2;
  const [around, rest] = isOfOrigin ? [config.origins, path.slice(2)] : [[config], path];
  for (const each of around)
    Reflect.deleteProperty(Object(valueAt(each, rest.slice(0, -1))), String(rest.at(-1)));
}

/** @param completed its sample, parsed */
function completePool(pool: PoolConfig, completed = poolSchema.safeParse(sampleOf(pool))): PoolConfig {
  const isComplete = !completed.success || size(completed.data) === size(sampleOf(pool));
  return isComplete ? pool : (poolSchema.safeParse(pool).data ?? pool);
}

/** Has the defaults. */
const ANY_POOL = { origins: [{ id: "a", url: "https://a.example" }] };

/** All origins of a parsed pool are of one form, so one of them is enough here: parsing 5,000 takes 20 ms. */
function sampleOf(pool: PoolConfig): PoolConfig {
  return { ...pool, origins: pool.origins.slice(0, 1) };
}

/**
 * Puts the value of `source` at `path` into `target`, or if it has none, that of the nearest part around it. Out of a list
 * the item is taken.
 */
function replace(target: object, path: ConfigPath, source: object): void {
  const around = valueAt(target, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  const value = valueAt(source, path);
  if (Array.isArray(around)) around.splice(Number(last), 1);
  else if (value === undefined) replace(target, path.slice(0, -1), source);
  else Object.assign(around as object, { [last]: value });
}

function size(value: unknown): number {
  return JSON.stringify(value).length;
}

/** Parses the document `routes`. */
export function parseRoutes(
  value: unknown,
  { path = ["routes"], pools }: RoutesOptions = {},
): Result<readonly RouteConfig[]> {
  const parsed = parseWith<readonly RouteConfig[]>(routesSchema, value, path, []);
  const errors = parsed.ok && pools !== undefined ? checkReferences(parsed.value, pools, path) : [];
  return errors.length === 0 ? parsed : { ok: false, errors };
}

/** Parses a whole file, and checks that it has every pool that its routes name. */
export function parseConfigFile(value: unknown, options: ParseOptions = {}): Result<ConfigFile> {
  const { path = [] } = options;
  const further = Object.entries(record(record(value).pools)).flatMap(([id, pool]) =>
    hostErrors(pool, [...path, "pools", id], options),
  );
  // Also if a pool is wrong, so that one pass reports everything.
  const found = parseRoutes(record(value).routes ?? []);
  const references = found.ok
    ? checkReferences(found.value, Object.keys(record(record(value).pools)), [...path, "routes"])
    : [];
  const parsed = parseWith<ConfigFile>(configFileSchema, value, path, [...further, ...references]);
  if (!parsed.ok) return parsed;
  const { routes, pools } = parsed.value;
  return { ok: true, value: Object.freeze({ routes, pools }) };
}

/** An error for each pool that a route names and that is not one of `poolIds`. */
function checkReferences(
  routes: readonly RouteConfig[],
  poolIds: Iterable<string>,
  path: ConfigPath = ["routes"],
): ConfigError[] {
  const known = new Set(poolIds);
  const rule = "must be a pool that exists";
  const missing = routes.flatMap((route, index) =>
    namedPools(route).flatMap(({ pool, field }) => (known.has(pool) ? [] : { pool, at: [index, ...field] })),
  );
  return missing.map(({ pool, at }, index) =>
    configError(
      { path: [...path, ...at], at: "value", rule, found: describeValue(pool) },
      index < MOST_SUGGESTED ? suggest(pool, known) : undefined,
    ),
  );
}

function parseWith<T>(
  schema: z.ZodType,
  value: unknown,
  path: ConfigPath,
  further: readonly ConfigError[],
): Result<T> {
  const parsed = schema.safeParse(value);
  const errors = [...errorsOf(parsed.error?.issues ?? [], schema, value, path), ...further];
  if (!parsed.success || errors.length > 0) return { ok: false, errors };
  return { ok: true, value: deepFreeze(parsed.data) as T };
}

// Outside the schema, because it depends on where the configuration will run. It checks the unparsed value, so that
// these errors are reported together with the schema's.
function hostErrors(pool: unknown, path: ConfigPath, options: ParseOptions): ConfigError[] {
  if (options.allowIpOrigins === true) return [];
  const { origins, notify_url } = record(pool);
  const errors = (Array.isArray(origins) ? origins : []).flatMap((origin, index) => {
    const { url, binding } = record(origin);
    // What a binding leads to may have any address.
    if (typeof url !== "string" || typeof binding === "string" || !hasLocalHost(url)) return [];
    const rule = "must have a DNS name as its host: Workers cannot fetch IP addresses or localhost";
    return [
      configError({ path: [...path, "origins", index, "url"], at: "value", rule, found: describeValue(url) }),
    ];
  });
  if (typeof notify_url !== "string" || !hasPrivateHost(notify_url)) return errors;
  const rule = "must have a public DNS name as its host: notifications leave from Cloudflare's network";
  return [...errors, configError({ path: [...path, "notify_url"], at: "value", rule, found: "a local one" })];
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
