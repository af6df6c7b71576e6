/**
 * How many requests a simulated origin can serve.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { expectedSplit, sharesOf } from "./expected-split.ts";
import type { SimOptions } from "./options.ts";
import type { Capacity } from "./origin.ts";

const DEFAULT_SERVICE_MS = 20;

/** Two of load, service time and workers give the third. */
export function capacityOf(
  id: string,
  { rps, load, serviceMs, workers }: SimOptions,
  config: PoolConfig,
): Capacity {
  const shares = sharesOf(config);
  const own = shares.find((share) => share.id === id);
  // A backup must be able to stand in for the others.
  const weight = own === undefined || own.backup ? null : own.weight;
  const share = weight === null ? rps : (expectedSplit(shares, rps, () => false).get(id) ?? 0);
  const perMs = Math.max(share, 0.001) / 1_000;
  if (workers !== null) return { workers, serviceMs: serviceMs ?? (load * workers) / perMs };
  const takenMs = serviceMs ?? DEFAULT_SERVICE_MS;
  return { workers: Math.max(1, Math.ceil((perMs * takenMs) / load)), serviceMs: takenMs };
}
