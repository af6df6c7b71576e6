/**
 * The pool's rate limits: one set of shares per origin that has a limit, and the memory that shares were given, so
 * that an object that restarts does not give them a second time.
 * @module
 */
import type { PoolConfig } from "../config/schema.ts";
import { HOLD_MS, LONGEST_LEASE_MS, type RateGrant, type RateReport } from "../core/rate-lease.ts";
import { RateShares } from "../core/rate-shares.ts";
import type { PoolStore } from "./store.ts";

/** The mark reaches this far ahead, and is moved when half is left: two writes a minute. */
const MARK_MS = 60_000;

/** Most shares of all origins together, about 400 bytes each... */
const MOST_CLAIMS = 100_000;
/** ...but so many of each origin. */
const FEWEST_CLAIMS = 20;

/** Says that leases of up to `lease_ms` may have been given until `until`, in ms since the epoch. */
interface Mark {
  until: number;
  lease_ms: number;
}

/** A cold isolate's, which does not know the origins yet. */
const NOTHING_HELD: RateReport = { demand: 0, lease: 0, held_ms: 0, share: 0, left_ms: 0 };

export interface RateExchange {
  isolate: string;
  /** By origin id. */
  rates: Record<string, RateReport>;
  /** The isolate knows no origins yet, so it gets a share of every limit. */
  isCold: boolean;
  /** When it will sync again. */
  paceMs: number;
}

export class RateAuthority {
  readonly #store: Pick<PoolStore, "fact" | "setFact">;
  readonly #quietUntilMs: number;
  #mark: Mark;
  #config: PoolConfig | null = null;
  #shares = new Map<string, RateShares>();

  constructor(store: Pick<PoolStore, "fact" | "setFact">, nowMs: number) {
    this.#store = store;
    this.#mark = store.fact<Mark>("rate_leases", { until: 0, lease_ms: 0 });
    // What an earlier life gave is not known until it has run out; who holds some of it says so and keeps it.
    this.#quietUntilMs = nowMs < this.#mark.until ? nowMs + this.#mark.lease_ms + HOLD_MS : 0;
  }

  /** Answers what an isolate says of its shares; nothing where there is no config. */
  exchange(config: PoolConfig | null, report: RateExchange, nowMs: number): Record<string, RateGrant> {
    if (config === null) return {};
    if (config !== this.#config) this.#adopt(config);
    const { isolate, rates, isCold, paceMs } = report;
    const grants: Record<string, RateGrant> = {};
    let isServed = false;
    for (const origin of isCold ? this.#shares.keys() : Object.keys(rates)) {
      const held = rates[origin] ?? NOTHING_HELD;
      // A request needs a token of one origin only.
      const asked: RateReport = isServed ? { ...held, need: 0 } : held;
      const grant = this.#shares.get(origin)?.exchange(isolate, asked, paceMs, nowMs);
      if (grant === undefined) continue;
      grants[origin] = grant;
      isServed ||= (asked.need ?? 0) > 0 && (grant.tokens > 0 || grant.share > heldShare(held));
      this.#note(grant.valid_ms, nowMs);
    }
    return grants;
  }

  /** What may have been started at an origin within the last second; null if it has no limit. */
  counted(origin: string, nowMs: number): number | null {
    return this.#shares.get(origin)?.counted(nowMs) ?? null;
  }

  #adopt(config: PoolConfig): void {
    this.#config = config;
    const before = this.#shares;
    this.#shares = new Map();
    const limits = config.origins.flatMap(({ id, rate_limit }): [string, number][] => {
      const limit = rate_limit ?? config.rate_limit;
      return limit === null ? [] : [[id, limit]];
    });
    for (const [id, limit] of limits) {
      const shares = before.get(id) ?? new RateShares(limit, { quietUntilMs: this.#quietUntilMs });
      shares.limit = limit;
      shares.mostClaims = Math.max(FEWEST_CLAIMS, Math.min(MOST_CLAIMS / limits.length, 2_000));
      this.#shares.set(id, shares);
    }
  }

  #note(leaseMs: number, nowMs: number): void {
    const isOver = nowMs >= this.#mark.until;
    if (nowMs < this.#mark.until - MARK_MS / 2 && leaseMs <= this.#mark.lease_ms) return;
    // Where isolates become many, leases grow a little with each call: not a write for each.
    const longer = leaseMs <= this.#mark.lease_ms ? leaseMs : Math.min(leaseMs * 2, LONGEST_LEASE_MS);
    const lease_ms = isOver ? leaseMs : Math.max(longer, this.#mark.lease_ms);
    this.#mark = { until: nowMs + MARK_MS, lease_ms };
    this.#store.setFact("rate_leases", this.#mark);
  }
}

function heldShare(report: RateReport): number {
  return report.left_ms > 0 ? report.share : 0;
}
