/**
 * An upstream as a pool.
 * @module
 */
import type { Findings } from "../findings.ts";
import { UniqueIds } from "../names.ts";
import { clamp, largest, wholeWeights } from "../numbers.ts";
import { type ImportOptions, originPlace, type Scheme, socketPlace } from "../origin-url.ts";
import type { FailoverDocument, HealthCheckDocument, OriginDocument, PoolDocument } from "../result.ts";
import type { Upstream, UpstreamServer } from "./upstream.ts";

const MAX_WEIGHT = 1_000;
const MAX_CONNECTIONS = 1_000_000;
const DEFAULT_FAIL_TIMEOUT = 10;

/** How a location uses an upstream. */
export interface PoolUse {
  readonly scheme: Scheme;
  readonly healthCheck: HealthCheckDocument | null;
  readonly failover: FailoverDocument | null;
}

export function poolOf(
  upstream: Upstream,
  use: PoolUse,
  options: ImportOptions,
  findings: Findings,
): PoolDocument {
  const { servers, algorithm, hash_key, sticky } = upstream;
  const origins = originsOf(servers, use, options, findings);
  const isWeighted = origins.some(({ weight }) => weight !== undefined);
  const chosen = algorithm ?? (isWeighted ? "weighted_round_robin" : undefined);
  const slowStart = largest(servers.map((server) => server.slowStart));
  if (servers.some((server) => server.slowStart !== slowStart)) {
    findings.changed(upstream.at, `slow_start is the pool's: ${slowStart} s for all of ${upstream.name}`);
  }
  return {
    ...(chosen === undefined ? {} : { algorithm: chosen }),
    ...(hash_key === undefined ? {} : { hash_key }),
    origins,
    ...(sticky === undefined ? {} : { sticky }),
    ...passiveChecks(upstream, findings),
    ...(use.failover === null ? {} : { failover: use.failover }),
    ...(use.healthCheck === null ? {} : { health_check: use.healthCheck }),
    ...(slowStart > 0 ? { slow_start: clamp(slowStart, 0, 3_600) } : {}),
  };
}

function originsOf(
  servers: readonly UpstreamServer[],
  use: PoolUse,
  options: ImportOptions,
  findings: Findings,
): OriginDocument[] {
  const ids = new UniqueIds();
  const weights = wholeWeights(
    servers.map(({ weight }) => weight),
    MAX_WEIGHT,
  );
  return servers.map((server, index) => {
    const { url, reachable } = placeOf(server, use, options, findings);
    const weight = weights[index] ?? 1;
    return {
      id: ids.take(server.text),
      url,
      ...(weight === 1 ? {} : { weight }),
      ...(server.maxConns > 0 ? { max_connections: clamp(server.maxConns, 1, MAX_CONNECTIONS) } : {}),
      ...(server.backup ? { backup: true } : {}),
      ...(server.down || !reachable ? { enabled: false } : {}),
    };
  });
}

function placeOf(server: UpstreamServer, use: PoolUse, options: ImportOptions, findings: Findings) {
  const { text, isMissing } = server;
  const at = `${server.at}: server ${text}`;
  const { address } = server;
  if (address === null) return socketPlace(text, use.scheme, options, { findings, at });
  const missing = `there is no upstream ${address.host} in these files: give the file that has it as well`;
  return originPlace(address, use.scheme, options, { findings, at, ...(isMissing ? { missing } : {}) });
}

/** `max_fails` and `fail_timeout` as outlier detection. A lone server is never taken out (nginx, server). */
function passiveChecks(upstream: Upstream, findings: Findings): Pick<PoolDocument, "outlier_detection"> {
  const { servers, at, name } = upstream;
  const judged = servers.filter(({ maxFails }) => maxFails !== 0);
  if (servers.length < 2 || judged.length === 0) return {};
  if (judged.length < servers.length) {
    findings.changed(at, `max_fails=0 on some servers of ${name}: all of them are judged alike`);
  }
  const fails = judged.flatMap(({ maxFails }) => (maxFails === null ? [] : [maxFails]));
  const times = judged.map(({ failTimeout }) => failTimeout ?? DEFAULT_FAIL_TIMEOUT);
  const most = fails.length === 0 ? null : largest(fails);
  const longest = clamp(largest(times), 1, 86_400);
  const failures = most === null ? "5 failures in a row (nginx: 1)" : `${most} failures in a row`;
  const message = `${failures} take a server out for ${longest} s`;
  const counted = "and any answer from 500 up but 501 and 505 is a failure";
  findings.changed(at, `max_fails, fail_timeout of ${name}: ${message}, ${counted}`);
  return {
    outlier_detection: {
      ...(most === null ? {} : { consecutive_failures: clamp(most, 1, 1_000) }),
      failure_percent: 0,
      base_ejection_time: longest,
      max_ejection_time: longest,
      max_ejection_percent: 100,
    },
  };
}
