/**
 * The Worker's bindings. Optional ones may be absent; what is then different is said with each.
 * @module
 */
import type { RoutesRpc } from "../contract/routes.ts";
import type { PoolRpc } from "../contract/sync.ts";

export interface Env {
  /** Configuration: keys `routes` and `pool:<id>`. */
  POOLS: KVNamespace;
  UPSTREAM_POOL: DurableObjectNamespace<PoolRpc & Rpc.DurableObjectBranded>;
  /** One object, which keeps the routes. */
  ROUTE_BOOK: DurableObjectNamespace<RoutesRpc & Rpc.DurableObjectBranded>;
  /** Names this balancer to itself, to notice loops. Default `edge-balancer`. */
  LB_NAME?: string;
  /** "1": origins may be raw IP addresses or localhost. For local use; Cloudflare refuses to fetch those. */
  ALLOW_IP_ORIGINS?: string;
  /** The client's address where no CF-Connecting-IP arrives: set by the local launcher, which listens on loopback only. */
  LOCAL_CLIENT_IP?: string;
  /** Bearer token of the admin API. Neither this nor one of the next: the whole prefix `/_lb` answers 404. */
  ADMIN_TOKEN?: string;
  /** Further tokens, as JSON: `[{ "name", "token", "scope": "read" | "operate" | "admin" }]`. */
  ADMIN_TOKENS?: string;
  /** With ACCESS_AUD: who Cloudflare Access lets in may use the admin API. `TEAM.cloudflareaccess.com`. */
  ACCESS_TEAM_DOMAIN?: string;
  /** The Access application's audience tag. */
  ACCESS_AUD?: string;
  /** What those may do: `read`, `operate` or `admin`. Default `admin`. */
  ACCESS_SCOPE?: string;
  /** Secret the session cookies are keyed with. Absent: each pool's object makes one and keeps it. */
  AFFINITY_SECRET?: string;
  /** The secret before, while its cookies are still about: they are taken, and renewed with the current one. */
  AFFINITY_SECRET_PREVIOUS?: string;
  /** Gets one data point per request, if it is bound. */
  ANALYTICS?: AnalyticsEngineDataset;
}
