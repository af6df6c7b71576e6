/**
 * What an import makes: a configuration as a user would write it, without the defaults.
 * @module
 */
import type * as z from "zod";
import { canonicalJson } from "../../../src/config/canonical.ts";
import type { configFileSchema, poolSchema, routesSchema } from "../../../src/config/schema.ts";
import type { Findings } from "./findings.ts";
import { UniqueIds } from "./names.ts";

export type PoolDocument = z.input<typeof poolSchema>;
export type OriginDocument = PoolDocument["origins"][number];
export type HealthCheckDocument = NonNullable<PoolDocument["health_check"]>;
export type FailoverDocument = NonNullable<PoolDocument["failover"]>;
export type RouteDocument = z.input<typeof routesSchema>[number];
type ConfigDocument = z.input<typeof configFileSchema>;

export interface Imported {
  readonly config: ConfigDocument;
  readonly findings: Findings;
}

/** The file cannot be imported; the message says where and why, a line each. */
export class ImportError extends Error {}

/**
 * The pools of the result. One that is used in two ways (other affinity, other time-outs) is written once for each:
 * here these are fields of the pool, there they were not.
 */
export class PoolBook {
  readonly #ids = new UniqueIds();
  readonly #byUse = new Map<string, string>();
  readonly #pools = new Map<string, { name: string; pool: PoolDocument }>();

  /** The id of the pool that was called `name`, as it is when it looks like `pool`. */
  idOf(name: string, pool: PoolDocument): string {
    const use = `${name} ${canonicalJson(pool)}`;
    const known = this.#byUse.get(use);
    if (known !== undefined) return known;
    const id = this.#ids.take(name);
    this.#byUse.set(use, id);
    this.#pools.set(id, { name, pool });
    return id;
  }

  /** The pools by id. @param names an order by what they were called; others come after these */
  all(names: readonly string[] = []): Record<string, PoolDocument> {
    const rank = new Map(names.map((name, index) => [name, index]));
    const rankOf = (name: string) => rank.get(name) ?? names.length;
    const pools = [...this.#pools].sort(([, a], [, b]) => rankOf(a.name) - rankOf(b.name));
    return Object.fromEntries(pools.map(([id, { pool }]) => [id, pool]));
  }
}
