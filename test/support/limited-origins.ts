/**
 * Rate-limited origins as an isolate has them, without a runtime.
 * @module
 */
import type { OriginConfig } from "../../src/config/schema.ts";
import { UNKNOWN_STATE } from "../../src/contract/sync.ts";
import type { RateGrant } from "../../src/core/rate-limit/rate-lease.ts";
import { pickIneligibility } from "../../src/core/server/eligibility.ts";
import { EdgeServer } from "../../src/edge/model/edge-server.ts";
import { PoolRates } from "../../src/edge/pool/pool-rates.ts";

/** Two requests a second, and no token. */
export const GRANT: RateGrant = { lease: 1, share: 2, valid_ms: 2_500, tokens: 0, token_ms: 20, wait_ms: 0 };

/** @param poolRateLimit for an origin without a limit of its own */
export function origin(
  id: string,
  rateLimit: number | null,
  poolRateLimit: number | null = null,
): EdgeServer {
  const config: OriginConfig = {
    id,
    url: `https://${id}.example`,
    weight: 1,
    enabled: true,
    backup: false,
    rate_limit: rateLimit,
    max_connections: null,
    binding: null,
    resolve_override: null,
  };
  const server = new EdgeServer(config);
  server.update(config, UNKNOWN_STATE, poolRateLimit);
  return server;
}

export function ratesOf(...servers: EdgeServer[]): PoolRates {
  const rates = new PoolRates();
  rates.adopt(servers, { pickIneligibility });
  return rates;
}
