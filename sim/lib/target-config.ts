/**
 * The pool to simulate, from the user's own file.
 * @module
 */

import { loadDocuments } from "../../scripts/lib/config-documents.ts";
import { loadConfigFile } from "../../scripts/lib/config-file.ts";
import { UsageError } from "../../scripts/lib/options.ts";
import { poolKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { implicitPool } from "../../src/config/routing.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import { ownValue } from "../../src/core/own-value.ts";
import { leaving, returning } from "./absences.ts";
import { sharesOf } from "./expected-split.ts";
import type { SimOptions } from "./options.ts";
import type { TargetConfig } from "./world.ts";

/** @throws UsageError with all errors of the file, and of the options that refer to it */
export async function loadTargetConfig(options: SimOptions): Promise<TargetConfig> {
  const [loaded, documents] = [
    await loadConfigFile(options.config, { allowIpOrigins: true }),
    await loadDocuments(options.config),
  ];
  if (!loaded.ok) throw new UsageError(loaded.errors.join("\n"));
  if (!documents.ok) throw new UsageError(documents.errors.join("\n"));
  const ids = Object.keys(loaded.config.pools);
  const pool = options.pool ?? implicitPool(ids);
  if (pool === null) throw new UsageError(`--pool: which of them? ${ids.join(", ")}`);
  const config = ownValue(loaded.config.pools, pool);
  const document = documents.documents.get(poolKey(pool));
  if (config === undefined || document === undefined) {
    throw new UsageError(`--pool: there is no pool ${JSON.stringify(pool)}; there are ${ids.join(", ")}`);
  }
  checkOrigins(options, pool, config);
  return { pool, config, document: withoutNotice(document) };
}

function checkOrigins(options: SimOptions, pool: string, config: PoolConfig): void {
  const ids = config.origins.map(({ id }) => id);
  for (const { origin } of [...leaving(options), ...returning(options)]) {
    if (ids.includes(origin)) continue;
    const known = ids.slice(0, 20).join(", ");
    throw new UsageError(
      `an event names an origin that is not there: pool ${pool} has no origin ${JSON.stringify(origin)}; it has ${known}`,
    );
  }
  if (sharesOf(config).length === 0) throw new UsageError(`pool ${pool} has no origin that takes traffic`);
}

/** What KV holds. @param pools each pool's document, by id */
export function documentsFor(pools: ReadonlyMap<string, string>, routes: unknown): Map<string, string> {
  const documents = [...pools].map(([pool, document]): [string, string] => [poolKey(pool), document]);
  return new Map([...documents, [ROUTES_KEY, JSON.stringify(routes)]]);
}

/** A simulated transition must not be notified to anybody. */
export function withoutNotice(document: string): string {
  return JSON.stringify({ ...(JSON.parse(document) as object), notify_url: null });
}

/**
 * The host at which an isolate finds an origin in the simulation. By positions, for an id may be no host's name.
 * @param pool position of its pool
 * @param origin its position in the pool
 */
export function simHost(pool: number, origin: number): string {
  return `o${origin}.p${pool}`;
}

/** The same document with the origins where an isolate finds them in the simulation, whatever leads to them. */
export function withOwnAddresses(document: string, pool = 0): string {
  const content = JSON.parse(document) as { origins: object[] };
  const origins = content.origins.map((origin, index) => ({
    ...origin,
    url: `https://${simHost(pool, index)}`,
    binding: null,
    resolve_override: null,
  }));
  return JSON.stringify({ ...content, origins });
}
