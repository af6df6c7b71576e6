/**
 * Judges how the requests were shared out, by what independent random picks would give.
 * @module
 */
import type { PoolConfig } from "../../src/config/schema.ts";
import { algorithmEntry } from "../../src/core/algorithms/index.ts";
import { add } from "./numbers.ts";
import type { PoolEvent } from "./recorder.ts";

/** Standard deviations of an origin's share under independent random picks: one in some 16,000 is farther off. */
const MOST_SIGMAS = 4;
/** Below this part of an origin's limit, no request goes elsewhere for the limit's sake. */
const FREE_PART = 0.5;

/** An origin's requests, and what it should have got in each second. */
export interface Shared {
  readonly requests: number;
  readonly expected_per_second: readonly number[];
  readonly limit: number | null;
}

/** Null: something else than the shares decided where requests went. */
export function keepsSplit(
  origins: readonly Shared[],
  config: PoolConfig,
  events: readonly PoolEvent[],
): boolean | null {
  const wasOut = events.some(({ origin }) => origin !== null);
  if (wasOut || !goesByShares(config) || !origins.every(isFree)) return null;
  const requests = add(origins.map((origin) => origin.requests));
  const wanted = add(origins.map(({ expected_per_second }) => add(expected_per_second)));
  if (requests === 0 || wanted === 0) return null;
  return origins.every(({ requests: own, expected_per_second }) => {
    const share = add(expected_per_second) / wanted;
    const sigma = Math.sqrt(requests * share * (1 - share));
    return Math.abs(own - share * requests) <= MOST_SIGMAS * sigma;
  });
}

/** Neither the client, nor the load of the origins, nor their order decides. */
function goesByShares({ algorithm, sticky, origins }: PoolConfig): boolean {
  const { sharedBy, usesKey } = algorithmEntry(algorithm);
  const counts = sharedBy === "count" || sharedBy === "weight";
  return counts && !usesKey && sticky === null && origins.every((origin) => origin.max_connections === null);
}

function isFree({ expected_per_second, limit }: Shared): boolean {
  return limit === null || expected_per_second.every((expected) => expected <= FREE_PART * limit);
}
