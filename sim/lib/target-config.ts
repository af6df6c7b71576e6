/**
 * The pool to simulate, from the user's own file.
 * @module
 */

import { loadDocuments } from "../../scripts/lib/config-documents.ts";
import { loadConfigFile } from "../../scripts/lib/config-file.ts";
import { UsageError } from "../../scripts/lib/options.ts";
import { poolKey } from "../../src/config/documents.ts";
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

/** A simulated transition must not be notified to anybody. */
function withoutNotice(document: string): string {
  return JSON.stringify({ ...(JSON.parse(document) as object), notify_url: null });
}

/**
 * The same document with the origins where an isolate finds them in the simulation: at hosts named by their ids, whatever
 * leads to them.
 */
export function withOwnAddresses(document: string): string {
  const content = JSON.parse(document) as { origins: { id: string }[] };
  const origins = content.origins.map((origin) => ({
    ...origin,
    url: `https://${origin.id}`,
    binding: null,
    resolve_override: null,
  }));
  return JSON.stringify({ ...content, origins });
}
