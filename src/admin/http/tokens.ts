/**
 * The bearer tokens that open the admin API.
 * @module
 */
import * as z from "zod";
import { parseJson } from "../../config/json.ts";
import type { Env } from "../../platform/env.ts";
import { logLine } from "../../platform/log.ts";
import { Problem } from "./problems.ts";

/** Each may do what those before it may. */
export const SCOPES = ["read", "operate", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** The user or program that makes a request. */
export interface Principal {
  /** Name of the token, or of the user according to Cloudflare Access. */
  name: string;
  scope: Scope;
  via: "token" | "access" | "session";
}

const NAME_RULE = '"name" must be a text of 1 to 100 characters';
const TOKEN_RULE = '"token" must be a text of at least 8 characters';
// No rule quotes the value found, nor an unknown key: either may be the token.
const tokensSchema = z.array(
  z.strictObject(
    {
      name: z.string(NAME_RULE).min(1, NAME_RULE).max(100, NAME_RULE),
      token: z.string(TOKEN_RULE).min(8, TOKEN_RULE),
      scope: z.enum(SCOPES, `"scope" must be one of ${SCOPES.join(", ")}`),
    },
    "must be an object of name, token and scope, and nothing else",
  ),
  "must be a list in JSON",
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

/** @throws Problem if the scope does not reach */
export function needScope({ scope }: Principal, needed: Scope): void {
  if (!allows(scope, needed)) {
    throw new Problem("forbidden", { detail: `This needs the scope "${needed}".` });
  }
}

/** The tokens of one environment, read once. */
export class ApiTokens {
  #source: string | null = null;
  #tokens: KnownToken[] = [];
  /** The error in `ADMIN_TOKENS`; null: none. */
  #fault: string | null = null;

  /**
   * The principal of `token`, or null. It takes the same time whichever token it is compared with, and however far they
   * agree.
   */
  async find(env: Env, token: string): Promise<KnownToken | null> {
    const known = await this.#read(env);
    const digest = await sha256(token);
    let found: KnownToken | null = null;
    for (const each of known) {
      if (crypto.subtle.timingSafeEqual(each.digest, digest)) found ??= each;
    }
    // Logged each time: a user who is refused for it looks at the log then, and may be on another isolate.
    if (found === null && this.#fault !== null) {
      logLine({ event: "admin_tokens_refused", detail: this.#fault });
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
    const { entries, fault } = configured(env);
    const tokens = await Promise.all(
      entries.map(
        async ({ token, name, scope }): Promise<KnownToken> => ({
          principal: { name, scope, via: "token" },
          token,
          digest: await sha256(token),
        }),
      ),
    );
    this.#tokens = tokens;
    this.#fault = fault;
    this.#source = source;
    return tokens;
  }
}

/**
 * One bad entry invalidates the whole list: its author notices that at once, and no token gets more rights than were
 * meant.
 */
function configured(env: Env): { entries: z.output<typeof tokensSchema>; fault: string | null } {
  const entries: z.output<typeof tokensSchema> = [];
  if (hasText(env.ADMIN_TOKEN)) entries.push({ name: "admin", token: env.ADMIN_TOKEN, scope: "admin" });
  if (!hasText(env.ADMIN_TOKENS)) return { entries, fault: null };
  const value = parseJson(env.ADMIN_TOKENS);
  const parsed = tokensSchema.safeParse(value);
  if (parsed.success) return { entries: [...entries, ...parsed.data], fault: null };
  return { entries, fault: faultOf(parsed.error.issues, value) };
}

/** `ADMIN_TOKENS[1] ("ci"): "scope" must be ...`: which entry, by its place and its name, and which rule. */
function faultOf(issues: readonly z.core.$ZodIssue[], value: unknown): string {
  // If the token is malformed, the name may be the token.
  const mixedUp = new Set(issues.filter(({ path }) => path[1] === "token").map(({ path }) => path[0]));
  const lines = issues.map(({ path: [index], message }) => {
    if (typeof index !== "number") return `ADMIN_TOKENS ${message}`;
    const entry: unknown = Array.isArray(value) ? value[index] : undefined;
    return `ADMIN_TOKENS[${index}]${mixedUp.has(index) ? "" : nameIn(entry)}: ${message}`;
  });
  return [...new Set(lines)].join("; ");
}

function nameIn(entry: unknown): string {
  const name = typeof entry === "object" && entry !== null && "name" in entry ? entry.name : undefined;
  // A name that breaks its own rule may be anything, even the token.
  return typeof name === "string" && name.length >= 1 && name.length <= 100
    ? ` (${JSON.stringify(name)})`
    : "";
}

export function hasText(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

async function sha256(text: string): Promise<ArrayBuffer> {
  return await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
