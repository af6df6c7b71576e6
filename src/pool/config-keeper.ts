/**
 * Which configuration is in force. A bad document never replaces a good one, and an applied change never flips
 * back to an older one because KV, eventually consistent, still shows it somewhere.
 * @module
 */
import { canonicalJson } from "../config/canonical.ts";
import { formatErrors } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import type { Result } from "../config/parse.ts";
import type { ConfigVersion, PoolStore } from "./store.ts";

/** A document as KV gave it. */
export interface OfferedDocument {
  text: string;
  /** From the key's metadata; null if its writer left no mark (`wrangler kv key put`). */
  updatedAt: number | null;
}

export type OfferVerdict = "applied" | "unchanged" | "stale" | "invalid";

/**
 * How long an unmarked document that was in force before is taken for KV's past rather than its author's wish.
 * KV promises to show a write everywhere after "up to 60 seconds or more"; ten minutes are on the safe side.
 */
const STALE_READ_MS = 600_000;

/** In SQLite: when the operator removed the pool, in ms since the epoch. */
const RETIRED_FACT = "retired_at";

/** @typeParam C the configuration that a document parses to */
export class ConfigKeeper<C> {
  readonly #store: PoolStore;
  readonly #now: () => number;
  readonly #parseValue: (value: unknown) => Result<C>;
  #current: ConfigVersion | null;
  #config: C | null = null;
  #error: string | null = null;
  #retiredAtMs: number | null;

  constructor(store: PoolStore, now: () => number, parse: (value: unknown) => Result<C>) {
    this.#store = store;
    this.#now = now;
    this.#parseValue = parse;
    this.#retiredAtMs = store.fact<number | null>(RETIRED_FACT, null);
    this.#current = store.configVersions(1)[0] ?? null;
    if (this.#current !== null) this.#config = this.#parse(this.#current.document);
  }

  /** The config in force, or null if there has never been a good one. */
  get config(): C | null {
    return this.#config;
  }

  /** The version in force; null with `config`. */
  get version(): ConfigVersion | null {
    return this.#current;
  }

  /** What is wrong with the last document offered, or null. */
  get error(): string | null {
    return this.#error;
  }

  /** True after `retire`, until a newer document comes. */
  get isRetired(): boolean {
    return this.#retiredAtMs !== null;
  }

  /** The newest mark seen, in ms since the epoch; 0 if there is none. */
  get newestMarkMs(): number {
    return Math.max(this.#current?.updatedAt ?? 0, this.#retiredAtMs ?? 0);
  }

  /** The operator removed the pool: what KV may still show of it is the past. */
  retire(): void {
    this.#setRetired(Math.max(this.#now(), this.newestMarkMs + 1));
    this.#error = null;
  }

  /** Takes the document over if it is newer than what is in force, and good. */
  offer(offered: OfferedDocument): OfferVerdict {
    const document = canonicalText(offered.text);
    if (document === null) return this.#refuse("not JSON");
    if (this.#retiredAtMs !== null && this.#isFromBefore(this.#retiredAtMs, document, offered.updatedAt)) {
      return "stale";
    }
    if (this.#current?.document === document) return this.#confirm(this.#current, offered.updatedAt);
    if (this.#isStale(document, offered.updatedAt)) return "stale";
    const config = this.#parse(document);
    if (config === null) return "invalid";
    this.#current = {
      version: (this.#current?.version ?? 0) + 1,
      document,
      updatedAt: offered.updatedAt,
      appliedAt: this.#now(),
    };
    this.#store.addConfigVersion(this.#current);
    this.#config = config;
    this.#setRetired(null);
    return "applied";
  }

  #confirm(current: ConfigVersion, updatedAt: number | null): OfferVerdict {
    this.#error = null;
    this.#setRetired(null);
    if (updatedAt !== null && updatedAt > (current.updatedAt ?? 0)) {
      this.#store.touchConfigVersion(current.version, updatedAt);
      this.#current = { ...current, updatedAt };
    }
    return "unchanged";
  }

  /** True for a document that the pool's removal came after. */
  #isFromBefore(retiredAtMs: number, document: string, updatedAt: number | null): boolean {
    if (updatedAt !== null) return updatedAt < retiredAtMs;
    const isKnown = this.#store.configVersions().some((past) => past.document === document);
    return isKnown && this.#now() - retiredAtMs < STALE_READ_MS;
  }

  #setRetired(atMs: number | null): void {
    if (this.#retiredAtMs === atMs) return;
    this.#retiredAtMs = atMs;
    this.#store.setFact(RETIRED_FACT, atMs);
  }

  #isStale(document: string, updatedAt: number | null): boolean {
    const current = this.#current;
    if (current === null) return false;
    if (updatedAt !== null && current.updatedAt !== null) return updatedAt < current.updatedAt;
    // One of the two carries no mark: a document we left a moment ago is KV's past.
    const versions = this.#store.configVersions();
    return versions.some((past, index) => {
      const supersededAt = versions[index - 1]?.appliedAt ?? Number.NEGATIVE_INFINITY;
      return past.document === document && this.#now() - supersededAt < STALE_READ_MS;
    });
  }

  #parse(document: string): C | null {
    const parsed = this.#parseValue(JSON.parse(document));
    this.#error = parsed.ok ? null : formatErrors(parsed.errors);
    return parsed.ok ? parsed.value : null;
  }

  #refuse(reason: string): OfferVerdict {
    this.#error = reason;
    return "invalid";
  }
}

function canonicalText(text: string): string | null {
  const value = parseJson(text);
  return value === undefined ? null : canonicalJson(value);
}
