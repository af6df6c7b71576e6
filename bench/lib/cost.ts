/**
 * Computes the price of a million requests on Cloudflare's paid plan, beyond the amounts that the plan includes.
 * Prices: https://developers.cloudflare.com/workers/platform/pricing/ and .../durable-objects/platform/pricing/.
 * @module
 */
import type { Counted } from "./counting.ts";

const REQUESTS_PER_M = 0.3;
const CPU_PER_M_MS = 0.02;
const OBJECT_REQUESTS_PER_M = 0.15;
const OBJECT_PER_M_GB_S = 12.5;
/** An object is billed for 128 MB, however little it uses. */
const OBJECT_GB = 0.128;
const KV_READS_PER_M = 0.5;

export const COST_FORMULA =
  "0.30 + CPU_us / 1e6 * 1000 * 0.02 + (calls + alarms) / 1000 * 0.15 + KV_reads / 1000 * 0.50 " +
  "+ 1e6 / requests_per_second * 0.128 GB * 12.50 / 1e6";

/**
 * Dollars per million requests.
 * @param requestsPerSecond to the pool, over all isolates; its object is assumed to be always awake
 */
export function dollarsPerMillion(cpuUs: number, counted: Counted | null, requestsPerSecond: number): number {
  const plain = REQUESTS_PER_M + (cpuUs / 1_000) * CPU_PER_M_MS;
  if (counted === null) return plain;
  const { objectCalls, alarms, kvReads } = counted;
  const awake = (1 / requestsPerSecond) * OBJECT_GB * OBJECT_PER_M_GB_S;
  return (
    plain +
    ((objectCalls + alarms) / 1_000) * OBJECT_REQUESTS_PER_M +
    (kvReads / 1_000) * KV_READS_PER_M +
    awake
  );
}
