/**
 * Typical incidents, each in a balancer of its own with real origins and real traffic. The dashboard must show an
 * operator what is wrong.
 * @module
 */
import { type Balancer, startBalancer } from "../../system/support/balancer.ts";
import { fetchAlone } from "../../system/support/client.ts";
import { type Origin, startOrigins } from "../../system/support/origins.ts";
import { PROBE_TIMEOUT_S } from "../../system/support/patience.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

export const ADMIN = "browser-admin-token";

const CHECK = {
  ...{ path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S },
  ...{ unhealthy_threshold: 2, flap: null },
};

export interface Night {
  /** @param origins in the form of a configuration */
  config: (origins: Record<string, unknown>[]) => unknown;
  /** Causes the incident once the balancer runs. */
  happens?: (night: RunningNight) => Promise<void>;
  /** Paths that the traffic requests, in turns. */
  paths?: string[];
}

export interface RunningNight {
  origins: Origin[];
  balancer: Balancer;
  /** Calls the admin API. */
  api(path: string, init?: RequestInit): Promise<Response>;
  end(): Promise<void>;
}

export const NIGHTS = {
  /** Somebody changed the health check to a path that the origins do not have. */
  health_path: {
    config: (origins) => ({
      pools: { shop: { origins, health_check: { ...CHECK, path: "/health" } } },
    }),
    async happens({ origins }) {
      for (const origin of origins) await origin.behave({ path: "/health", status: 404 });
    },
  },
  all_drained: {
    config: (origins) => ({
      routes: [{ path: "/shop", pool: "shop" }, { pool: "static" }],
      pools: { shop: { origins, drain_timeout: 1 }, static: { origins } },
    }),
    async happens({ api }) {
      for (const id of ["a", "b", "c"]) await api(`/pools/shop/origins/${id}/drain`, { method: "POST" });
    },
    paths: ["/shop", "/static"],
  },
  /** A limit below the traffic. */
  low_limit: {
    config: (origins) => ({ pools: { shop: { origins, rate_limit: 1 } } }),
  },
  /** A host that points to the balancer, but has no route. */
  no_route: {
    config: (origins) => ({ routes: [{ path: "/shop/*", pool: "shop" }], pools: { shop: { origins } } }),
    paths: ["/shop/x", "/checkout"],
  },
  /** One of three origins answers after the time-out. */
  slow_origin: {
    config: (origins) => ({
      pools: {
        shop: {
          origins,
          // The other two answer in time, also on a busy machine.
          failover: { attempt_timeout: 2, max_attempts: 1 },
          outlier_detection: null,
        },
      },
    }),
    async happens({ origins }) {
      await origins[0]?.behave({ delayMs: 5_000 });
    },
  },
} satisfies Record<string, Night>;

export async function startNight(night: Night): Promise<RunningNight> {
  const origins = await startOrigins("a", "b", "c");
  const balancer = await startBalancer({
    adminToken: ADMIN,
    config: night.config(origins.map((origin) => origin.config())),
  });
  const traffic: Traffic[] = [];
  const running: RunningNight = {
    origins,
    balancer,
    api: (path, init = {}) =>
      fetchAlone(`${balancer.url}/_lb${path}`, {
        ...init,
        headers: { authorization: `Bearer ${ADMIN}`, ...init.headers },
      }),
    async end() {
      for (const each of traffic) await each.stop();
      await balancer.kill();
      for (const origin of origins) await origin.kill();
    },
  };
  await night.happens?.(running);
  const urls = (night.paths ?? ["/"]).map((path) => balancer.url + path);
  // A client that waits for a slow origin must not delay the others.
  for (let client = 0; client < 3; client++) traffic.push(startTraffic(...urls));
  return running;
}
