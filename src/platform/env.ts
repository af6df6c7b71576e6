/**
 * The Worker's bindings. Optional ones may be absent; each says what changes then.
 * @module
 */
import type { RoutesRpc } from "../contract/routes.ts";
import type { PoolRpc } from "../contract/sync.ts";

export interface Env {
  /** Configuration: keys `routes` and `pool:<id>`. */
  POOLS: KVNamespace;
  UPSTREAM_POOL: DurableObjectNamespace<PoolRpc & Rpc.DurableObjectBranded>;
  /** One object, which keeps the routes. */
  ROUTE_TABLE: DurableObjectNamespace<RoutesRpc & Rpc.DurableObjectBranded>;
  /**
   * Name by which this balancer recognizes its own requests, to notice loops; see edge/model/balancer-name.ts.
   * Default: unique to the deployment.
   */
  LB_NAME?: string;
  /** Where objects are made: one of `LOCATION_HINTS` in placement.ts. Absent: near the first caller. */
  LOCATION_HINT?: string;
  /** The region in which the Worker runs, one of `REGIONS` in core/steering/regions.ts. Absent: where its requests arrive. */
  LB_REGION?: string;
  /** "1": origins may be raw IP addresses or localhost. For local use; Cloudflare refuses to fetch those. */
  ALLOW_IP_ORIGINS?: string;
  /** The client's address if no CF-Connecting-IP arrives. Set by the local launcher, which listens on loopback only. */
  LOCAL_CLIENT_IP?: string;
  /** The one host name at which `/_lb` is open, without scheme and port. Absent: every host the Worker answers for. */
  ADMIN_HOST?: string;
  /** Bearer token of the admin API. Without this, further tokens and Access the whole prefix `/_lb` answers 404. */
  ADMIN_TOKEN?: string;
  /** Further tokens, as JSON: `[{ "name", "token", "scope": "read" | "operate" | "admin" }]`. */
  ADMIN_TOKENS?: string;
  /** `TEAM.cloudflareaccess.com`. With ACCESS_AUD: users whom Cloudflare Access lets in may use the admin API. */
  ACCESS_TEAM_DOMAIN?: string;
  /** The Access application's audience tag. */
  ACCESS_AUD?: string;
  /**
   * Scope of these users: `read`, `operate` or `admin`. Absent: `read`. With any other value nobody gets in by Access.
   */
  ACCESS_SCOPE?: string;
  /** Secret that session cookies are keyed with. Absent: each pool's object makes one and keeps it. */
  AFFINITY_SECRET?: string;
  /** The previous secret, while cookies of it are in use: they are accepted, and renewed with the current one. */
  AFFINITY_SECRET_PREVIOUS?: string;
  /** Gets one data point per request, if it is bound. */
  ANALYTICS?: AnalyticsEngineDataset;
}
