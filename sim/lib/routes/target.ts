/**
 * The routes and pools to simulate, from the user's own file.
 * @module
 */
import { loadDocuments } from "../../../scripts/lib/config-documents.ts";
import { loadConfigFile } from "../../../scripts/lib/config-file.ts";
import { UsageError } from "../../../scripts/lib/options.ts";
import { poolKey } from "../../../src/config/documents.ts";
import { poolsNamedBy } from "../../../src/config/route-pools.ts";
import type { ConfigFile, RouteConfig } from "../../../src/config/schema.ts";
import { leaving, returning } from "../absences.ts";
import { withoutNotice } from "../target-config.ts";
import type { TargetConfig } from "../world.ts";
import type { RouteOptions, Target } from "./options.ts";

export interface RoutesTarget {
  readonly routes: readonly RouteConfig[];
  /** As its author wrote them. */
  readonly document: unknown;
  /** Those that routes name, in the order of the file. */
  readonly pools: readonly TargetConfig[];
  readonly to: readonly Target[];
}

/** A pool, or one of its origins: `eu`, `eu/a`. */
interface Part {
  readonly pool: string;
  /** Null: all of them. */
  readonly origin: string | null;
}

/** @throws UsageError with all errors of the file, and of the options that refer to it */
export async function loadRoutesTarget(options: RouteOptions): Promise<RoutesTarget> {
  const { config: path } = options.common;
  const [loaded, written] = [await loadConfigFile(path, { allowIpOrigins: true }), await loadDocuments(path)];
  if (!loaded.ok) throw new UsageError(loaded.errors.join("\n"));
  if (!written.ok) throw new UsageError(written.errors.join("\n"));
  return routesTarget(options, loaded.config, loaded.written.routes, (pool) =>
    written.documents.get(poolKey(pool)),
  );
}

/** @throws UsageError where the options do not fit the configuration */
export function routesTarget(
  options: RouteOptions,
  { routes, pools }: ConfigFile,
  document: unknown,
  documentOf: (pool: string) => string | undefined,
): RoutesTarget {
  if (routes.length === 0) {
    throw new UsageError(
      `--routes: ${options.common.config} has no routes; without --routes one of its pools is simulated`,
    );
  }
  const named = new Set(poolsNamedBy(routes));
  const targets = Object.entries(pools).flatMap(([pool, config]) => {
    const text = documentOf(pool);
    return named.has(pool) && text !== undefined ? [{ pool, config, document: withoutNotice(text) }] : [];
  });
  for (const { origin } of [...leaving(options.common), ...returning(options.common)]) {
    checkPart(origin, targets);
  }
  for (const { pool } of options.sheds) checkPart(pool, targets);
  return { routes, document, pools: targets, to: options.to ?? targetsOf(routes) };
}

/** @param text as on the command line: POOL or POOL/ORIGIN */
export function partOf(text: string): Part {
  const slash = text.indexOf("/");
  return slash < 0
    ? { pool: text, origin: null }
    : { pool: text.slice(0, slash), origin: text.slice(slash + 1) };
}

/** The origins of a part, by id. */
export function originsOf({ pool, origin }: Part, pools: readonly TargetConfig[]): string[] {
  const ids = pools.find((each) => each.pool === pool)?.config.origins.map(({ id }) => id) ?? [];
  return ids.filter((id) => origin === null || id === origin);
}

function checkPart(text: string, pools: readonly TargetConfig[]): void {
  const part = partOf(text);
  const names = pools.map(({ pool }) => pool);
  if (!names.includes(part.pool)) {
    throw new UsageError(
      `an event names a pool that is in no route: ${JSON.stringify(text)}; routes name ${names.join(", ")}; ` +
        "write POOL@SECOND or POOL/ORIGIN@SECOND",
    );
  }
  if (originsOf(part, pools).length > 0) return;
  const known = originsOf({ ...part, origin: null }, pools)
    .slice(0, 20)
    .join(", ");
  throw new UsageError(
    `an event names an origin that is not there: pool ${part.pool} has no origin ${JSON.stringify(part.origin)}; it has ${known}`,
  );
}

/** What the routes are for: each host and path gets the same part of the requests. */
function targetsOf(routes: readonly RouteConfig[]): Target[] {
  const urls = new Set(
    routes.map(({ host, path }) => {
      const name = host === null ? "any.example" : host.replace(/^\*/, "www");
      return `https://${name}${path ?? "/*"}`;
    }),
  );
  return [...urls].map((url) => ({ url, share: 1 / urls.size }));
}
