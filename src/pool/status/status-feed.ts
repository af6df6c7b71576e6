/**
 * A pool's line to the object of the routes and to isolates, as far as statuses go: tells its own, at each change and
 * now and then; keeps those of pools that share a route with it; gives both to isolates with the syncs they make
 * anyway. If a call is lost, the last status stays in force.
 * @module
 */
import type { PoolStatus, PoolStatuses, PoolStatusReply } from "../../contract/pool-status.ts";
import type { SyncReply, SyncReport } from "../../contract/sync.ts";
import { backoffAfter } from "../../core/retry/backoff.ts";

/** Shortest time between two reports: changes in between are reported together. */
const LEAST_INTERVAL_MS = 200;
/** A status is repeated after this time without a change, for receivers that lost it. */
const HEARTBEAT_MS = 60_000;
/** After a call that failed, doubled each time. */
const RETRIES = { firstMs: 1_000, longestMs: HEARTBEAT_MS };

export interface StatusFeedOptions {
  pool: string;
  now: () => number;
  wait: (ms: number) => Promise<void>;
  /** Work that goes on by itself, and never rejects. */
  background: (work: Promise<void>) => void;
  /** This pool's status; null: no route needs it. */
  own: () => PoolStatus | null;
  /** Tells the object of the routes. Null: it did not hear. */
  tell: (status: PoolStatus) => Promise<PoolStatusReply | null>;
  /** No route with several pools names this pool any longer. */
  unwanted: () => void;
}

export class StatusFeed {
  readonly #options: StatusFeedOptions;
  /** Of pools that share a route with this one. */
  #others: PoolStatuses = {};
  /** Of what isolates are given; see `SyncReply.pool_status_mark`. Two lives of the object have no mark in common. */
  #givenMark: number;
  #toldMs = Number.NEGATIVE_INFINITY;
  /** The mark of the last report. */
  #toldMark = 0;
  #failures = 0;
  #isTelling = false;
  /** How often the pool was told that its status is wanted. */
  #wishes = 0;

  constructor(options: StatusFeedOptions) {
    this.#options = options;
    this.#givenMark = options.now();
  }

  /** This pool has a new status. */
  changed(): void {
    this.#givenMark++;
    this.#start();
  }

  /** News of other pools. */
  hear(statuses: Readonly<PoolStatuses>): void {
    for (const [pool, status] of Object.entries(statuses)) {
      const known = this.#others[pool];
      if (pool === this.#options.pool || (known !== undefined && known.mark >= status.mark)) continue;
      this.#others = { ...this.#others, [pool]: status };
      this.#givenMark++;
    }
  }

  /** The routes changed. @param sharers the pools that share one with this pool; of others nothing is kept */
  share(sharers: readonly string[]): void {
    if (sharers.length > 0) this.#wishes++;
    const kept = Object.entries(this.#others).filter(([pool]) => sharers.includes(pool));
    if (kept.length === Object.keys(this.#others).length) return;
    this.#others = Object.fromEntries(kept);
    this.#givenMark++;
  }

  /** The statuses for an isolate's sync reply. Mostly none. */
  replyTo(
    report: Pick<SyncReport, "pool_status_mark">,
  ): Pick<SyncReply, "pool_statuses" | "pool_status_mark"> {
    if (report.pool_status_mark === this.#givenMark) return {};
    const own = this.#options.own();
    if (own === null && Object.keys(this.#others).length === 0) return {};
    return {
      pool_statuses: own === null ? this.#others : { ...this.#others, [this.#options.pool]: own },
      pool_status_mark: this.#givenMark,
    };
  }

  /** Tells if it is time. */
  run(): void {
    if (this.#options.now() >= this.nextRunMs()) this.#start();
  }

  /** When `run` is next worth calling, in ms since the epoch; Infinity if never. */
  nextRunMs(): number {
    const own = this.#options.own();
    if (own === null || this.#isTelling) return Number.POSITIVE_INFINITY;
    if (this.#failures === 0) {
      return this.#toldMs + (own.mark === this.#toldMark ? HEARTBEAT_MS : LEAST_INTERVAL_MS);
    }
    return this.#toldMs + backoffAfter(this.#failures, RETRIES);
  }

  #start(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#options.background(
      this.#tellAll().finally(() => {
        this.#isTelling = false;
      }),
    );
  }

  /** Until the newest was told, or a call failed: then a later `run` goes on. */
  async #tellAll(): Promise<void> {
    const { now, wait, own } = this.#options;
    do {
      const waitMs = this.#toldMs + LEAST_INTERVAL_MS - now();
      if (waitMs > 0) await wait(Math.min(waitMs, LEAST_INTERVAL_MS));
      const status = own();
      if (status === null || !(await this.#tell(status))) return;
    } while (own() !== null && own()?.mark !== this.#toldMark);
  }

  async #tell(status: PoolStatus): Promise<boolean> {
    this.#toldMs = this.#options.now();
    const wishes = this.#wishes;
    const reply = await this.#options.tell(status);
    if (reply === null) {
      this.#failures++;
      return false;
    }
    this.#failures = 0;
    this.#toldMark = status.mark;
    this.hear(reply.statuses);
    // The answer may be older than a wish that came while it was under way.
    if (!reply.wanted && wishes === this.#wishes) this.#options.unwanted();
    return true;
  }
}
