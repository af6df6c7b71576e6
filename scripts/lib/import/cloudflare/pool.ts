/**
 * A pool and its origins.
 * @module
 */
import type { Findings } from "../findings.ts";
import { UniqueIds } from "../names.ts";
import { clamp, wholeWeights } from "../numbers.ts";
import { type ImportOptions, originPlace, type Scheme } from "../origin-url.ts";
import type { OriginDocument, PoolDocument } from "../result.ts";
import type { Affinity } from "./affinity.ts";
import type { Item } from "./export.ts";
import { healthCheckOf } from "./monitor.ts";
import { type Fields, reportRest } from "./rest.ts";
import type { CfMonitor, CfOrigin, CfPool } from "./schemas.ts";

/** Ports that Cloudflare proxies as http; all others it knows are https (Cloudflare Fundamentals, network ports). */
const HTTP_PORTS: ReadonlySet<number> = new Set([80, 2052, 2082, 2086, 2095, 8080, 8880]);
const MAX_WEIGHT = 1_000;

const POOL_FIELDS: Fields = {
  used: [
    "enabled",
    "latitude",
    "load_shedding",
    "longitude",
    "minimum_origins",
    "monitor",
    "origin_steering",
    "origins",
  ],
  left: {
    check_regions: "origins are checked from one place, where the pool's object lives",
    notification_email: "notify_url of the pool gets a POST instead",
    notification_filter: "notify_url of the pool gets every change of health",
  },
  todo: {
    monitor_group: "a pool has one health check: write it by hand",
    networks: "origins are fetched over the Internet",
  },
};

const ORIGIN_FIELDS: Fields = {
  used: ["address", "enabled", "header", "port", "weight"],
  left: {
    flatten_cname: "names are resolved as they are",
  },
  todo: {
    virtual_network_id: "origins are fetched over the Internet, not over a virtual network",
  },
};

export interface PoolContext {
  readonly monitors: ReadonlyMap<string, Item<CfMonitor>>;
  readonly options: ImportOptions;
  readonly findings: Findings;
}

/** @param affinity what follows from the load balancer that uses the pool; wins over the pool's own steering */
export function poolDocument(pool: Item<CfPool>, affinity: Affinity, context: PoolContext): PoolDocument {
  const { findings } = context;
  const { value } = pool;
  reportRest(pool, [], value, POOL_FIELDS, findings);
  if (value.enabled === false) {
    findings.changed(pool.at("enabled"), "a pool cannot be switched off as a whole: each of its origins is");
  }
  const check = checkOf(pool, context);
  return {
    ...algorithmOf(pool, findings),
    ...affinity,
    origins: originsOf(pool, context),
    ...(check === null ? {} : { health_check: check }),
    ...routingOf(pool, findings),
  };
}

/** What routes with several pools go by. */
function routingOf(pool: Item<CfPool>, findings: Findings): Partial<PoolDocument> {
  const { latitude, longitude, minimum_origins: least, load_shedding: shed } = pool.value;
  // Terraform's provider writes 0 for both where they are absent.
  const isPlace = typeof latitude === "number" && typeof longitude === "number" && (latitude || longitude);
  const percent = clamp(shed?.default_percent ?? 0, 0, 100);
  const sessions = clamp(shed?.session_percent ?? 0, 0, 100);
  if (percent > 0 && shed?.default_policy !== "hash") {
    findings.changed(
      pool.at("load_shedding", "default_policy"),
      "the same clients are shed each time, by their address",
    );
  }
  return {
    ...(isPlace ? { location: { latitude, longitude } } : {}),
    ...((least ?? 0) > 1 ? { minimum_origins: clamp(Math.round(least ?? 1), 1, 5_000) } : {}),
    ...(percent > 0 ? { shed_percent: percent } : {}),
    ...(sessions > 0 ? { shed_sessions_percent: sessions } : {}),
  };
}

function algorithmOf(pool: Item<CfPool>, findings: Findings): Pick<PoolDocument, "algorithm"> {
  const policy = pool.value.origin_steering?.policy || "random";
  const at = pool.at("origin_steering", "policy");
  switch (policy) {
    case "random":
      return { algorithm: "random" };
    case "hash":
      findings.changed(at, "the hash is another one: each client settles on an origin anew, once");
      return { algorithm: "consistent_hash" };
    case "least_connections":
    case "least_outstanding_requests":
      findings.changed(
        at,
        "the origin with the fewest requests under way for its weight is taken, not only likelier",
      );
      return { algorithm: "least_connections" };
    default:
      findings.changed(at, `${policy} is not known here; origins are chosen at random`);
      return { algorithm: "random" };
  }
}

function originsOf(pool: Item<CfPool>, { options, findings }: PoolContext): OriginDocument[] {
  const { origins, enabled } = pool.value;
  const ids = new UniqueIds();
  const weights = wholeWeights(
    origins.map(({ weight }) => weight ?? 1),
    MAX_WEIGHT,
  );
  if (weights.every((weight) => weight === 0)) {
    findings.changed(pool.at("origins"), "no origin has a weight above 0, so nothing is sent to this pool");
  }
  return origins.map((origin, index) => {
    reportRest(pool, ["origins", index], origin, ORIGIN_FIELDS, findings);
    const name = origin.name || origin.address;
    const id = ids.take(name);
    if (id !== name.toLowerCase())
      findings.changed(pool.at("origins", index, "name"), `is called ${id} here`);
    const { url, reachable } = placeOf(pool, origin, index, options, findings);
    const weight = weights[index] ?? 1;
    const isOn = reachable && enabled !== false && origin.enabled !== false;
    return { id, url, ...(weight === 1 ? {} : { weight }), ...(isOn ? {} : { enabled: false }) };
  });
}

function placeOf(
  pool: Item<CfPool>,
  origin: CfOrigin,
  index: number,
  options: ImportOptions,
  findings: Findings,
) {
  const host = hostHeader(origin);
  const hint = host === null ? {} : { hint: `its Host header is ${host}` };
  const at = pool.at("origins", index, "address");
  const address = { host: origin.address.replace(/^\[|\]$/g, ""), port: portOf(origin) };
  const place = originPlace(address, schemeOf(origin, options), options, { findings, at, ...hint });
  if (host !== null && place.reachable && new URL(place.url).hostname !== host.toLowerCase()) {
    const message = `Host ${host} is not sent: an origin is asked by the name in its url, which it must serve`;
    findings.todo(pool.at("origins", index, "header"), message);
  }
  return place;
}

/** The Host that the origin is asked with; null: the client's. */
export function hostHeader({ header }: CfOrigin): string | null {
  const entry = Object.entries(header ?? {}).find(([name]) => name.toLowerCase() === "host");
  return entry?.[1][0] ?? null;
}

function portOf({ port }: CfOrigin): number | null {
  return port === null || port === undefined || port === 0 ? null : port;
}

/** The export does not say: at Cloudflare it is up to the zone's SSL/TLS mode. Never less secure on a guess. */
function schemeOf(origin: CfOrigin, options: ImportOptions): Scheme {
  return options.scheme ?? (HTTP_PORTS.has(portOf(origin) ?? 443) ? "http" : "https");
}

function checkOf(pool: Item<CfPool>, { monitors, options, findings }: PoolContext) {
  const id = pool.value.monitor ?? "";
  if (id === "") return null;
  const monitor = monitors.get(id);
  if (monitor === undefined) {
    findings.todo(pool.at("monitor"), `monitor ${id} is not in the export: the pool has no health check`);
    return null;
  }
  const { name, origins } = pool.value;
  const schemes = origins.map((origin) => schemeOf(origin, options));
  return healthCheckOf(monitor, { pool: name, schemes, ports: origins.map(portOf) }, findings);
}
