/**
 * How an upstream chooses a server: nginx's methods as algorithms, its keys as hash keys, its stickiness as sessions.
 * @module
 */
import { poolSchema } from "../../../../src/config/schema.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { PoolDocument } from "../result.ts";
import type { Directive } from "./parser.ts";
import { parameterOf, requireSeconds } from "./values.ts";

export type Choosing = Pick<PoolDocument, "algorithm" | "hash_key" | "sticky">;

/** 400 days, the longest a browser keeps a cookie. */
const MAX_TTL = 34_560_000;

/** @returns null if `directive` is no method of choosing */
export function algorithmOf(directive: Directive, findings: Findings): Choosing | null {
  const { name, args, at } = directive;
  switch (name) {
    case "least_conn":
      return { algorithm: "least_connections" };
    case "least_time":
      findings.changed(
        at,
        "least_time: becomes peak_ewma, which goes by latency and requests under way as well",
      );
      return { algorithm: "peak_ewma" };
    case "ip_hash":
      findings.changed(
        at,
        "ip_hash: the whole IPv4 address counts, or the first 64 bits of IPv6, not the first 24",
      );
      return { algorithm: "consistent_hash" };
    case "hash":
      return hashed(directive, findings);
    case "random":
      return { algorithm: randomOf(args) };
    default:
      return null;
  }
}

function randomOf(args: readonly string[]): PoolDocument["algorithm"] {
  if (args[0] !== "two") return "random";
  return args[1]?.startsWith("least_time") === true ? "peak_ewma" : "p2c";
}

function hashed({ args, at }: Directive, findings: Findings): Choosing {
  const [key = "", mode] = args;
  if (mode !== "consistent") {
    findings.changed(at, "hash: becomes consistent, so that fewer keys move when servers change");
  }
  const { hash_key, why } = hashKeyOf(key);
  if (why !== null) findings.changed(at, `hash ${key}: ${why}`);
  // client_ip is the default.
  return { algorithm: "consistent_hash", ...(hash_key === "client_ip" ? {} : { hash_key }) };
}

/** @returns `why`: what is not the same, or null */
function hashKeyOf(key: string): { hash_key: string; why: string | null } {
  const plain = key.replace(/\$\{(\w+)\}/g, "$$$1");
  const exact = exactKeyOf(plain);
  if (exact !== null && poolSchema.shape.hash_key.safeParse(exact).success)
    return { hash_key: exact, why: null };
  if (/\$request_uri|\$uri|\$document_uri/.test(plain)) {
    return { hash_key: "path", why: "the path alone is the key, without the query or anything else" };
  }
  return { hash_key: "client_ip", why: "has no counterpart as a key; the client's address is the key" };
}

function exactKeyOf(key: string): string | null {
  if (/^\$(binary_)?remote_addr$/.test(key)) return "client_ip";
  if (/^\$(uri|document_uri)$/.test(key)) return "path";
  if (/^\$(host|http_host)$/.test(key)) return "header:host";
  const match = /^\$(http|cookie|arg)_(\w+)$/.exec(key);
  const name = match?.[2];
  if (name === undefined) return null;
  if (match?.[1] === "http") return `header:${name.replaceAll("_", "-")}`;
  return match?.[1] === "cookie" ? `cookie:${name}` : `query:${name}`;
}

/** nginx's own `sticky cookie NAME ...`, and the older module's `sticky name=NAME ...`. */
export function stickyOf({ args, at }: Directive, findings: Findings): Choosing {
  const [method = "", ...rest] = args;
  if (method === "route" || method === "learn") {
    findings.todo(at, `sticky ${method}: sessions are kept by a cookie of the balancer, or by address`);
    return {};
  }
  const isNew = method === "cookie";
  const parameters = (isNew ? rest.slice(1) : args).map(parameterOf);
  const given = new Map(parameters);
  const name = isNew ? rest[0] : (given.get("name") ?? "route");
  for (const [parameter, value] of parameters) {
    if (parameter === "name" || parameter === "expires" || FITS.has(`${parameter}=${value ?? ""}`)) continue;
    findings.changed(
      at,
      `sticky ${parameter}: the cookie is HttpOnly, SameSite=Lax, Path=/, and Secure on https`,
    );
  }
  return {
    sticky: {
      method: "cookie",
      ...(name === undefined ? {} : { cookie_name: name }),
      ...ttlOf(given, at, findings),
    },
  };
}

/** What our cookie has anyway. */
const FITS: ReadonlySet<string> = new Set(["httponly=", "secure=", "samesite=lax", "path=/"]);

function ttlOf(given: ReadonlyMap<string, string | null>, at: string, findings: Findings): { ttl?: number } {
  const expires = given.get("expires");
  if (expires === "max") return { ttl: MAX_TTL };
  if (expires === null || expires === undefined) {
    findings.changed(
      at,
      "sticky: without expires a session ended with the browser; here an hour after its last use",
    );
    return {};
  }
  const seconds = requireSeconds({ name: "sticky", args: [], block: null, at }, expires, "expires");
  return { ttl: clamp(Math.round(seconds), 1, MAX_TTL) };
}
