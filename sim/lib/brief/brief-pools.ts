/**
 * Which pools' requests may take the short way, and in which they may be picked in advance.
 * @module
 */
import type { PoolConfig } from "../../../src/config/schema.ts";

/** Picks need neither the object nor anything of the request. */
export function allowsBrief({ coordination, sticky, algorithm }: PoolConfig): boolean {
  return coordination === "leased" && sticky === null && algorithm !== "consistent_hash";
}

/** Origins get turns, whatever their load. Whether there are rate limits is another question. */
export function goesByTurns({ algorithm, origins }: PoolConfig): boolean {
  const takesTurns = algorithm === "round_robin" || algorithm === "weighted_round_robin";
  return takesTurns && origins.every((origin) => origin.max_connections === null);
}
