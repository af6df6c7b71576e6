/**
 * Makes the tokens that a session cookie carries instead of an origin's name. A token is keyed by a secret, and the
 * same for as long as the secret, the pool's id and the origin's id stay. The object makes tokens for each snapshot;
 * the edge makes them only if it has to work from the configuration alone.
 * @module
 */
import { keepsSessionCookies } from "../config/pool-rules.ts";
import type { PoolConfig } from "../config/schema.ts";
import type { AffinityTokens } from "../contract/sync.ts";
import { poolTag } from "../core/affinity/pool-tag.ts";
import { base64Url } from "./base64url.ts";
import type { Env } from "./env.ts";

/** Guessing one of 2^128 is out of reach; more would only make the cookie longer. */
const TOKEN_BYTES = 16;
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const encoder = new TextEncoder();

/** The two secrets in use: new tokens are made with the current one, and tokens of both are accepted. */
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
    pool_tag: poolTag(pool),
  };
}

/**
 * The tokens that an isolate makes itself while the object is out of reach; null if only the object knows the secret.
 */
export async function configTokens(
  env: Pick<Env, "AFFINITY_SECRET" | "AFFINITY_SECRET_PREVIOUS">,
  pool: string,
  config: PoolConfig,
): Promise<AffinityTokens | null> {
  const current = env.AFFINITY_SECRET ?? "";
  if (current === "" || !keepsSessionCookies(config)) return null;
  const origins = config.origins.map((origin) => origin.id);
  return await snapshotTokens({ current, previous: env.AFFINITY_SECRET_PREVIOUS ?? null }, pool, origins);
}

/** A secret of 256 bits, for a pool whose operator set none. */
export function randomSecret(): string {
  return base64Url(crypto.getRandomValues(new Uint8Array(32)));
}
