/** An origin as the API answers it: healthy, and in use. */
import type { PoolAnswer } from "../../scripts/lib/status.ts";

export type OriginAnswer = PoolAnswer["origins"][number];

export function originAnswer(id: string, more: Partial<OriginAnswer> = {}): OriginAnswer {
  return {
    id,
    url: `https://${id}.example.com`,
    binding: null,
    status: "healthy",
    since: 0,
    healthy: true,
    ejected: false,
    ejected_until: null,
    draining: false,
    drained: false,
    drain_deadline: null,
    drain_started: null,
    drained_since: null,
    drained_by: null,
    removing: false,
    weight_factor: 1,
    active_connections: 0,
    rate_limit: null,
    max_connections: null,
    last_probe: null,
    ...more,
  };
}

/** A pool with these. @param documents of its origins, as configured */
export function poolAnswer(id: string, origins: OriginAnswer[], documents: readonly object[]): PoolAnswer {
  return {
    id,
    version: 1,
    etag: '"v1"',
    config: { origins: documents },
    config_error: null,
    snapshot_version: 1,
    isolates: 1,
    panic: false,
    check_round: null,
    active_connections: origins.reduce((sum, each) => sum + each.active_connections, 0),
    origins,
  };
}
