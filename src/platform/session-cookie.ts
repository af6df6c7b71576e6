/**
 * Writes and reads the session cookie. The edge and `explain` share this code, so `explain` shows what the edge would
 * read.
 *
 * The value is `TOKEN.TIME.POOL`: the origin's token (affinity-tokens.ts), when it was given out, in seconds since the
 * epoch, base 36, and the pool's tag. Only the token decides where a request goes; the time says when it ends and when
 * to renew it. By the tag (core/affinity/pool-tag.ts) a pool recognizes parts of its own former origins, and a route of
 * several pools knows which of them the session is in. Pools that share a host share the cookie, so up to four such
 * parts stand in it, joined by `~`: that of the pool that answered last first, then the others'. Parts of older
 * versions have no tag.
 * @module
 */
import type { StickyConfig } from "../config/schema.ts";
import type { AffinityTokens } from "../contract/sync.ts";
import { cookieValues } from "../core/affinity/cookie-header.ts";
import { ownValue } from "../core/own-value.ts";

/** A cookie is renewed once this share of its time has passed: one on every answer would make all of them private. */
const RENEWED_AFTER = 1 / 4;
/** How far another location's clock may be ahead. A time further ahead was not written by us. */
const CLOCK_SKEW_S = 60;
const MOST_PARTS = 4;
const SEPARATOR = "~";
/** A part in our format; anything else is not sent back to the client. */
const PART = /^[\w-]{22}\.([0-9a-z]{1,8})(?:\.([\w-]{6}))?$/;

/** The content of a session cookie. */
export interface SessionReading<S> {
  readonly state: "absent" | "valid" | "expired" | "unknown";
  /** The origin that a valid or expired cookie names. */
  readonly origin: S | null;
  /** The cookie is valid, and due to be renewed. */
  readonly renew: boolean;
  /** The parts of other pools in it. */
  readonly others: readonly string[];
}

const ABSENT: SessionReading<never> = { state: "absent", origin: null, renew: false, others: [] };
const UNKNOWN: SessionReading<never> = { ...ABSENT, state: "unknown" };

/** The origin that a part of a cookie names. */
interface Named<S> extends Known<S> {
  readonly ageS: number;
}

/** The meaning of a token. */
interface Known<S> {
  readonly origin: S;
  /** The token is of the current secret. */
  readonly isCurrent: boolean;
}

/** A part of a session cookie, by whichever pool. */
export interface SessionPart {
  /** Tag of its pool: core/affinity/pool-tag.ts. */
  readonly tag: string;
  /** When it was given out, in seconds since the epoch. */
  readonly givenOutS: number;
}

/**
 * The parts that name their pool, in the order in which they stand: the first is of the pool that answered last.
 * @param header the request's Cookie header
 * @param names under which pools keep their sessions
 */
export function sessionParts(header: string, names: Iterable<string>): SessionPart[] {
  const parts: SessionPart[] = [];
  for (const name of names) {
    for (const value of header.includes(name) ? cookieValues(header, name) : []) {
      for (const part of value.split(SEPARATOR, MOST_PARTS)) {
        const [, time, tag] = PART.exec(part) ?? [];
        if (tag !== undefined) parts.push({ tag, givenOutS: Number.parseInt(time ?? "", 36) });
      }
    }
  }
  return parts;
}

/** True if `value` could be a session cookie of any pool. */
export function isSessionCookie(value: string): boolean {
  return value.split(SEPARATOR, MOST_PARTS + 1).every((part) => PART.test(part));
}

/** The session cookie of one pool. Made once per snapshot; `S` is what stands for an origin. */
export class SessionCookie<S extends { readonly id: string }> {
  readonly name: string;
  readonly #ttlS: number;
  readonly #origins = new Map<string, Known<S>>();
  readonly #tokens: Record<string, string>;
  readonly #tag: string | undefined;

  /** An origin without a token gets no sessions. */
  constructor({ cookie_name, ttl }: StickyConfig, origins: Iterable<S>, tokens: AffinityTokens | null) {
    this.name = cookie_name;
    this.#ttlS = ttl;
    this.#tokens = tokens?.tokens ?? {};
    this.#tag = tokens?.pool_tag;
    for (const origin of origins) {
      const before = ownValue(tokens?.previous ?? {}, origin.id);
      if (before !== undefined) this.#origins.set(before, { origin, isCurrent: false });
      const token = ownValue(this.#tokens, origin.id);
      if (token !== undefined) this.#origins.set(token, { origin, isCurrent: true });
    }
  }

  /** @param header the request's Cookie header, or null */
  read(header: string | null, nowMs: number): SessionReading<S> {
    const values = header === null ? [] : cookieValues(header, this.name);
    if (values.length === 0) return ABSENT;
    const others: string[] = [];
    let found: Named<S> | null = null;
    for (const value of values) {
      for (const part of value.split(SEPARATOR, MOST_PARTS)) {
        const [token = "", time = ""] = part.split(".", 2);
        const known = this.#origins.get(token);
        if (known === undefined) this.#keepOther(others, part);
        // The first part that has not ended counts.
        else if (found === null || !(found.ageS <= this.#ttlS)) {
          found = { ...known, ageS: Math.floor(nowMs / 1_000) - Number.parseInt(time, 36) };
        }
      }
    }
    return found === null ? { ...UNKNOWN, others } : this.#judge(found, others);
  }

  #judge({ origin, isCurrent, ageS }: Named<S>, others: readonly string[]): SessionReading<S> {
    // A part without a time has ended: its age is no number.
    if (!(ageS <= this.#ttlS)) return { state: "expired", origin, renew: false, others };
    const renew = !isCurrent || ageS >= this.#ttlS * RENEWED_AFTER || ageS < -CLOCK_SKEW_S;
    return { state: "valid", origin, renew, others };
  }

  /** The Set-Cookie that names `origin`; null if it gets no sessions. */
  write(origin: S, others: readonly string[], nowMs: number, secure: boolean): string | null {
    const token = ownValue(this.#tokens, origin.id);
    if (token === undefined) return null;
    const time = Math.floor(nowMs / 1_000).toString(36);
    const own = [token, time, ...(this.#tag === undefined ? [] : [this.#tag])].join(".");
    const value = [own, ...others].join(SEPARATOR);
    return `${this.name}=${value}; Max-Age=${this.#ttlS}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  }

  /** Leaves out parts of this pool's own former origins: with every release they would push out more of the others. */
  #keepOther(others: string[], part: string): void {
    const [isPart, , tag] = PART.exec(part) ?? [];
    if (isPart === undefined || others.length === MOST_PARTS - 1 || others.includes(part)) return;
    if (tag === undefined || tag !== this.#tag) others.push(part);
  }
}
