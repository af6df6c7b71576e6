/** Live facts for the tests of the dashboard: a pool where all is well, and what a test wants otherwise. */
import type { LiveOrigin, LivePool } from "../../../src/contract/live.ts";

const TRAFFIC = {
  requests_per_second: 10,
  error_rate: 0,
  retries_per_second: 0,
  rate_limited_per_second: 0,
  active_connections: 0,
  p50: 5,
  p90: 8,
  p99: 9,
};

export function liveOrigin(id: string, fields: Partial<LiveOrigin> = {}): LiveOrigin {
  return {
    ...TRAFFIC,
    id,
    url: `https://${id}.example`,
    status: "healthy",
    healthy: true,
    ejected: false,
    draining: false,
    drained: false,
    leaving: false,
    weight_factor: 1,
    since: 0,
    ejected_until: null,
    drain_deadline: null,
    last_probe: null,
    weight: 1,
    enabled: true,
    backup: false,
    eligible: true,
    share: 0.5,
    intended_share: 0.5,
    rate_limit: null,
    max_connections: null,
    ejection_steps: 0,
    ...fields,
  };
}

export function livePool(origins: LiveOrigin[], fields: Partial<LivePool> = {}): LivePool {
  return {
    ...TRAFFIC,
    pool: "web",
    at: 0,
    configured: true,
    config_version: 1,
    config_error: null,
    algorithm: "round_robin",
    coordination: "leased",
    sticky: null,
    checked: true,
    panic: false,
    isolates: 1,
    origin_count: origins.length,
    eligible_count: origins.filter(({ eligible }) => eligible).length,
    origins,
    events: [],
    ...fields,
  };
}
