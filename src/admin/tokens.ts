/**
 * The bearer tokens that open the admin API.
 * @module
 */
import * as z from "zod";
import { parseJson } from "../config/json.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";

/** Each may do what those before it may. */
export const SCOPES = ["read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who makes a request. */
export interface Principal {
  /** Name of the token, or who Cloudflare Access says it is. */
  name: string;
  scope: Scope;
  via: "token" | "access" | "session";
}

const tokensSchema = z.array(
  z.strictObject({ name: z.string().min(1).max(100), token: z.string().min(8), scope: z.enum(SCOPES) }),
);

export interface KnownToken {
  principal: Principal;
  token: string;
  /** SHA-256 of the token: all are compared at one length. */
  digest: ArrayBuffer;
}

export function allows(scope: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed);
}

/** The tokens of one environment, read once. */
export class TokenBook {
  #source: string | null = null;
  #tokens: KnownToken[] = [];

  /** Who `token` belongs to, or null. Takes as long whichever token it is compared with, and however far it fits. */
  async find(env: Env, token: string): Promise<KnownToken | null> {
    const known = await this.#read(env);
    const digest = await sha256(token);
    let found: KnownToken | null = null;
    for (const each of known) {
      if (crypto.subtle.timingSafeEqual(each.digest, digest)) found ??= each;
    }
    return found;
  }

  /** Names need not be unique. */
  async named(env: Env, name: string): Promise<KnownToken[]> {
    return (await this.#read(env)).filter(({ principal }) => principal.name === name);
  }

  async #read(env: Env): Promise<KnownToken[]> {
    const source = JSON.stringify([env.ADMIN_TOKEN, env.ADMIN_TOKENS]);
    if (source === this.#source) return this.#tokens;
    const tokens = await Promise.all(
      configured(env).map(
        async ({ token, name, scope }): Promise<KnownToken> => ({
          principal: { name, scope, via: "token" },
          token,
          digest: await sha256(token),
        }),
      ),
    );
    this.#tokens = tokens;
    this.#source = source;
    return tokens;
  }
}

function configured(env: Env): z.output<typeof tokensSchema> {
  const tokens: z.output<typeof tokensSchema> = [];
  if (hasText(env.ADMIN_TOKEN)) tokens.push({ name: "admin", token: env.ADMIN_TOKEN, scope: "admin" });
  if (!hasText(env.ADMIN_TOKENS)) return tokens;
  const parsed = tokensSchema.safeParse(parseJson(env.ADMIN_TOKENS));
  if (parsed.success) return [...tokens, ...parsed.data];
  // Not the issues: they might quote a token.
  logLine({ event: "admin_tokens_refused", detail: 'want [{ "name", "token", "scope" }]' });
  return tokens;
}

export function hasText(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

async function sha256(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
