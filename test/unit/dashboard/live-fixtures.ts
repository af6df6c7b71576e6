/** Live data for the tests of the dashboard: a healthy pool, with the changes that a test needs. */
import type { LiveOrigin, LivePool } from "../../../src/admin/dashboard/lib/live.ts";
import type { ClientFigures } from "../../../src/contract/stats.ts";

const TRAFFIC = {
  requests_per_second: 10,
  error_rate: 0,
  failures: {},
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
    binding: null,
    status: "healthy",
    healthy: true,
    ejected: false,
    draining: false,
    drained: false,
    removing: false,
    weight_factor: 1,
    since: 0,
    ejected_until: null,
    drain_deadline: null,
    drain_started: null,
    drained_since: null,
    drained_by: null,
    last_probe: null,
    weight: 1,
    enabled: true,
    backup: false,
    eligible: true,
    share: 0.5,
    expected_share: 0.5,
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
    shared_by: null,
    attempt_timeout: null,
    status: null,
    clients: null,
    panic: false,
    isolates: 1,
    origin_count: origins.length,
    eligible_count: origins.filter(({ eligible }) => eligible).length,
    origins,
    events: [],
    ...fields,
  };
}

/** What clients got over ten seconds: so many answers, so many of them failed. */
export function clientFigures(
  requests: number,
  failed: number,
  fields: Partial<ClientFigures> = {},
): ClientFigures {
  return {
    requests,
    failed,
    availability: requests === 0 ? null : 1 - failed / requests,
    answers: { "1xx": 0, "2xx": requests - failed, "3xx": 0, "4xx": 0, "5xx": failed, other: 0 },
    client_closed: 0,
    problems: {},
    routes: [],
    hosts: [],
    p50: 5,
    p90: 8,
    p99: 9,
    seconds: 10,
    requests_per_second: requests / 10,
    failed_per_second: failed / 10,
    ...fields,
  };
}
