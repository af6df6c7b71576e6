/**
 * The lengths of the queues at the origins, compared with the supermarket model if that applies to the pool.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { sharesOf } from "./expected-split.ts";
import { add } from "./numbers.ts";
import { meanTime, tails } from "./theory.ts";
import type { World } from "./world.ts";

/** With more workers queues hardly form, and the model's equations are stiff. */
const MOST_MODELLED_WORKERS = 8;

export interface QueueResult {
  /** Share of origins with at least k requests, by k. */
  measured: number[];
  /** Mean time at the origin in units of the service time. */
  mean_time: number;
  utilisation: number;
  models: { name: string; tails: number[]; mean_time: number }[];
  /** Why there is no model; null if there is one. */
  unmodelled: string | null;
}

export function queueResult(config: PoolConfig, world: World): QueueResult {
  const ids = sharesOf(config).flatMap(({ id, backup }) => (backup ? [] : [id]));
  const origins = ids.flatMap((id) => world.origins.get(id) ?? []);
  const measured = origins.map((origin) => origin.measured());
  const longest = Math.max(0, ...measured.map(({ shares }) => shares.length));
  const atLeast = Array.from(
    { length: longest },
    (_, k) => add(measured.map(({ shares }) => add(shares.slice(k)))) / Math.max(1, origins.length),
  );
  const utilisation = add(measured.map((each) => each.utilisation)) / Math.max(1, origins.length);
  const workers = origins[0]?.capacity.workers ?? 1;
  const unmodelled = whyUnmodelled(
    config,
    origins.map(({ capacity }) => capacity.workers),
    utilisation,
  );
  const choices: [string, number][] = [
    ["random (d = 1)", 1],
    ["two choices (d = 2)", 2],
  ];
  if (config.algorithm === "least_connections" && origins.length > 2) {
    choices.push([`shortest line (d = ${origins.length})`, origins.length]);
  }
  const models = choices.map(([name, d]) => {
    const shares = unmodelled === null ? tails(utilisation, d, workers) : [];
    return { name, tails: shares, mean_time: meanTime(shares, utilisation, workers) };
  });
  return {
    measured: atLeast,
    mean_time: meanTime(atLeast, utilisation, workers),
    utilisation,
    models: unmodelled === null ? models : [],
    unmodelled,
  };
}

function whyUnmodelled(config: PoolConfig, workers: readonly number[], utilisation: number): string | null {
  if (!["p2c", "least_connections", "random"].includes(config.algorithm)) return "not for this algorithm";
  if (new Set(sharesOf(config).map(({ weight }) => weight)).size > 1) return "the weights differ";
  if (new Set(workers).size > 1) return "the origins differ in workers";
  if ((workers[0] ?? 0) > MOST_MODELLED_WORKERS)
    return `lines hardly form before ${workers[0]} workers: try --workers 1`;
  return utilisation < 0.98 ? null : "the origins are overloaded";
}
