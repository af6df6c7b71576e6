/**
 * What a session cookie says instead of an origin's name: a keyed token, the same for as long as the secret, the
 * pool's id and the origin's id stay. The object makes them for each snapshot; the edge only where it has to go on
 * from config alone.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import type { AffinityTokens } from "../contract/sync.ts";
import { base64Url } from "./base64url.ts";
import type { Env } from "./env.ts";

/** Guessing one of 2^128 is out of reach; more would only make the cookie longer. */
const TOKEN_BYTES = 16;
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const encoder = new TextEncoder();

/** The two secrets in use: tokens are given out by the current one, and taken by both. */
export interface AffinitySecrets {
  current: string;
  /** Null or absent: there is none. */
  previous?: string | null;
}

/**
 * The token of each origin, by its id: the first 128 bits of HMAC-SHA-256(secret, "affinity:POOL/ORIGIN") in
 * base64url. Neither an origin's url nor its weight is in it. The vectors of `test/golden/affinity.json` hold for
 * every version: a change would cost all users their sessions.
 */
export async function affinityTokens(
  secret: string,
  pool: string,
  origins: Iterable<string>,
): Promise<Record<string, string>> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), HMAC, false, ["sign"]);
  const tokens = [...origins].map(async (origin): Promise<[string, string]> => {
    const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`affinity:${pool}/${origin}`));
    return [origin, base64Url(new Uint8Array(mac, 0, TOKEN_BYTES))];
  });
  return Object.fromEntries(await Promise.all(tokens));
}

/** The tokens of both secrets, as a snapshot carries them. */
export async function snapshotTokens(
  secrets: AffinitySecrets,
  pool: string,
  origins: readonly string[],
): Promise<AffinityTokens> {
  const previous = secrets.previous ?? "";
  return {
    tokens: await affinityTokens(secrets.current, pool, origins),
    previous: previous === "" ? {} : await affinityTokens(previous, pool, origins),
  };
}

/** True for a pool whose sessions need tokens. */
export function usesCookies({ sticky }: Pick<PoolConfig, "sticky">): boolean {
  return sticky !== null && sticky.method !== "ip";
}

/** What an isolate can make itself while the object is out of reach; null where only the object knows the secret. */
export async function configTokens(
  env: Pick<Env, "AFFINITY_SECRET" | "AFFINITY_SECRET_PREVIOUS">,
  pool: string,
  config: PoolConfig,
): Promise<AffinityTokens | null> {
  const current = env.AFFINITY_SECRET ?? "";
  if (current === "" || !usesCookies(config)) return null;
  const origins = config.origins.map((origin) => origin.id);
  return await snapshotTokens({ current, previous: env.AFFINITY_SECRET_PREVIOUS ?? null }, pool, origins);
}

/** A secret of 256 bits, for a pool whose operator set none. */
export function randomSecret(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}
