/**
 * Session affinity: a load balancer's there, a pool's here.
 * @module
 */
import { poolSchema } from "../../../../src/config/schema.ts";
import type { Findings } from "../findings.ts";
import type { PoolDocument } from "../result.ts";
import type { Item } from "./export.ts";
import { type Fields, reportRest } from "./rest.ts";
import type { CfLoadBalancer } from "./schemas.ts";

/** The fields of a pool that follow from the load balancer that uses it. */
export type Affinity = Pick<PoolDocument, "sticky" | "algorithm" | "hash_key" | "drain_timeout">;

/** 23 hours: what Cloudflare takes where `session_affinity_ttl` is absent. */
const DEFAULT_TTL = 82_800;
const PATH = "session_affinity_attributes";

const ATTRIBUTES: Fields = {
  used: ["drain_duration", "headers", "samesite", "secure", "zero_downtime_failover"],
  left: {},
  todo: { require_all_headers: "one header or cookie decides" },
};

export function affinityOf(balancer: Item<CfLoadBalancer>, findings: Findings): Affinity {
  const { value } = balancer;
  const policy = value.session_affinity ?? "";
  if (policy === "" || policy === "none") return {};
  const attributes = value.session_affinity_attributes ?? {};
  reportRest(balancer, [PATH], attributes, ATTRIBUTES, findings);
  reportFailover(balancer, findings);
  const drain = attributes.drain_duration ?? 0;
  const drained = drain > 0 ? { drain_timeout: Math.min(drain, 86_400) } : {};
  if (policy === "cookie" || policy === "ip_cookie") {
    reportCookie(balancer, findings);
    const ttl = Math.max(1, Math.round(value.session_affinity_ttl ?? DEFAULT_TTL));
    return { sticky: { method: policy, ttl }, ...drained };
  }
  if (policy === "header") return { ...byHeader(balancer, findings), ...drained };
  findings.todo(balancer.at("session_affinity"), `${policy} is not known here: there are no sessions`);
  return {};
}

/** Sessions by header become a hash of the header: the same value, the same origin, without a memory. */
function byHeader(balancer: Item<CfLoadBalancer>, findings: Findings): Affinity {
  const headers = balancer.value.session_affinity_attributes?.headers ?? [];
  const names = headers.flatMap(keysOf).filter((key) => poolSchema.shape.hash_key.safeParse(key).success);
  const [hash_key, ...others] = names;
  if (hash_key === undefined) {
    findings.todo(balancer.at("session_affinity"), "it names no header to go by: there are no sessions");
    return {};
  }
  const what = `requests with the same ${hash_key} go to the same origin by its hash, without a session to expire`;
  findings.changed(balancer.at("session_affinity"), what);
  if (others.length > 0) {
    findings.changed(balancer.at(PATH, "headers"), `${others.join(", ")}: one header or cookie decides`);
  }
  return { algorithm: "consistent_hash", hash_key };
}

/** `X-User` or `cookie:a,b` as hash keys; a bare `cookie` means all of them, which is the header. */
function keysOf(name: string): string[] {
  const cookies = /^cookie:(.+)$/i.exec(name)?.[1];
  if (cookies === undefined) return [`header:${name.toLowerCase()}`];
  return cookies.split(",").map((cookie) => `cookie:${cookie.trim()}`);
}

function reportFailover(balancer: Item<CfLoadBalancer>, findings: Findings): void {
  const failover = balancer.value.session_affinity_attributes?.zero_downtime_failover ?? "none";
  if (failover === "sticky") return;
  const at = balancer.at(PATH, "zero_downtime_failover");
  if (failover === "temporary")
    findings.changed(at, "a session that moved stays where it moved to, as with sticky");
  else findings.changed(at, "a session whose origin fails goes on at another, as with sticky");
}

function reportCookie(balancer: Item<CfLoadBalancer>, findings: Findings): void {
  const { samesite, secure } = balancer.value.session_affinity_attributes ?? {};
  if (samesite === "None" || samesite === "Strict") {
    findings.changed(balancer.at(PATH, "samesite"), "the session cookie is SameSite=Lax");
  }
  if (secure === "Never")
    findings.changed(balancer.at(PATH, "secure"), "the session cookie is Secure on https");
}
