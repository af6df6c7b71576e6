/**
 * Writes each pool once for each way in which it is used, and then says it in routes.
 * @module
 */
import { canonicalJson } from "../../../../src/config/canonical.ts";
import type { Action } from "../model.ts";
import { PoolBook, type PoolDocument } from "../result.ts";
import type { Affinity } from "./affinity.ts";
import type { Item } from "./export.ts";
import { type PoolContext, poolDocument } from "./pool.ts";
import type { CfPool } from "./schemas.ts";
import type { Steering } from "./steering.ts";

/** Below one healthy origin in 5,000, which is the most a pool may have: when none is left. */
const NONE_LEFT = 0.01;

/** Pools that a route uses, and the sessions it wants of them. */
export interface Use {
  readonly steering: Steering;
  readonly affinity: Affinity;
}

export class PoolWriter {
  readonly pools = new PoolBook();
  readonly #lastResorts: ReadonlySet<string | null>;
  /** By Cloudflare's id of the pool. */
  readonly #uses = new Map<string, Use[]>();
  readonly #context: PoolContext;
  /** Ours, by Cloudflare's id and how the pool is used. */
  readonly #ids = new Map<string, string>();
  /** The pools, by our id, that only routes with several pools use as their settings say. */
  readonly #steered = new Set<string>();

  constructor(uses: readonly Use[], context: PoolContext) {
    this.#context = context;
    this.#lastResorts = new Set(uses.map(({ steering }) => steering.fallback));
    for (const use of uses)
      for (const id of new Set(poolsOf(use.steering))) {
        const using = this.#uses.get(id);
        if (using === undefined) this.#uses.set(id, [use]);
        else using.push(use);
      }
  }

  write(pool: Item<CfPool>): void {
    const { findings } = this.#context;
    const { id, name, origins } = pool.value;
    if (origins.length === 0) {
      findings.todo(pool.at("origins"), "the pool has no origins and is left out");
      return;
    }
    const using = this.#uses.get(id) ?? [];
    this.#reportShedding(pool, using);
    const written = new Set<string>();
    for (const { affinity } of using.length === 0 ? [{ affinity: {} }] : using) {
      const document = this.#withLastResort(id, poolDocument(pool, affinity, this.#context));
      const ours = this.pools.idOf(name, document);
      this.#ids.set(keyOf(id, affinity), ours);
      written.add(ours);
      if (isSteered(document)) this.#steered.add(ours);
    }
    if (written.size > 1) {
      const message = `is written as ${[...written].join(" and ")}, because session affinity is a pool's here`;
      findings.changed(pool.at(), message);
    }
  }

  /** A route over its pools; the shorter forms where they mean the same. */
  actionOf({ steering, affinity }: Use): Action {
    const ours = (id: string) => this.#ids.get(keyOf(id, affinity)) ?? id;
    const pools = steering.pools.map(ours);
    const fallback = steering.fallback === null ? null : ours(steering.fallback);
    const [first = "", second, ...others] = pools;
    if (steering.weights !== null) {
      const weights = steering.weights;
      const split = pools.map((pool, index) => ({ pool, weight: weights[index] ?? 0 }));
      return { split, ...(fallback === null ? {} : { fallback_pool: fallback }) };
    }
    if (second === undefined && (fallback === null || fallback === first)) return { pool: first };
    const last = second ?? fallback;
    const isPlain = !this.#steered.has(first) && !steering.isByDistance && !steering.retriesPools;
    if (isPlain && others.length === 0 && last !== null && (fallback ?? last) === last) {
      return { pool: first, fallback_pool: last };
    }
    return {
      pools,
      ...(second === undefined ? {} : betweenPools(steering)),
      // Without a fallback pool the first one is the last resort.
      ...(fallback === null || fallback === first ? {} : { fallback_pool: fallback }),
    };
  }

  /** Cloudflare sends to the fallback pool whatever its health. Without checks nothing here is ever unhealthy. */
  #withLastResort(id: string, pool: PoolDocument): PoolDocument {
    if (!this.#lastResorts.has(id) || pool.health_check === undefined) return pool;
    return { ...pool, panic_threshold: NONE_LEFT };
  }

  /** Shedding is a pool's part in routes with several pools. */
  #reportShedding(pool: Item<CfPool>, using: readonly Use[]): void {
    const { default_percent, session_percent } = pool.value.load_shedding ?? {};
    if ((default_percent ?? 0) <= 0 && (session_percent ?? 0) <= 0) return;
    const { id, name } = pool.value;
    if (using.some(({ steering }) => steering.weights !== null)) {
      const message = `${name} sheds nothing where pools share the clients by weight: give it less weight`;
      this.#context.findings.todo(pool.at("load_shedding"), message);
    } else if (using.every(({ steering }) => poolsOf(steering).every((other) => other === id))) {
      this.#context.findings.leftOut(pool.at("load_shedding"), "no other pool could take what is shed");
    }
  }
}

/** What concerns several pools: the first one that is available takes all. */
function betweenPools({ isByDistance, retriesPools }: Steering): Action {
  return {
    ...(isByDistance ? { steer: "proximity" } : {}),
    spill: "off",
    ...(retriesPools ? {} : { retry_pools: false }),
  };
}

/** True if its settings need a route that asks for pools' statuses: `pools` instead of `pool`. */
function isSteered({
  minimum_origins,
  shed_percent,
  shed_sessions_percent,
  panic_threshold,
}: PoolDocument): boolean {
  return [minimum_origins, shed_percent, shed_sessions_percent, panic_threshold].some(
    (each) => each !== undefined,
  );
}

function poolsOf({ pools, fallback }: Steering): string[] {
  return [...pools, ...(fallback === null ? [] : [fallback])];
}

function keyOf(id: string, affinity: Affinity): string {
  return `${id} ${canonicalJson(affinity)}`;
}
