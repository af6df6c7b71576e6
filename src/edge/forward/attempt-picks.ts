/**
 * The origin for each attempt of a request: the first as the pool picks it, each later one only within the retry budget,
 * and after a back-off where every origin has been tried.
 * @module
 */
import { backoffMs } from "../../core/retry/backoff.ts";
import type { RetryBudget } from "../../core/retry/retry-budget.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import type { AttemptEnd } from "./blame.ts";
import type { OriginPick, Picker } from "./picker.ts";
import type { RequestContext } from "./request-context.ts";

export class AttemptPicks {
  readonly #context: RequestContext;
  readonly #pool: EdgePool;
  readonly #picker: Picker;
  readonly #budget: RetryBudget;
  /** The attempt before; null: it was in another pool. */
  #last: { readonly server: EdgeServer; readonly end: AttemptEnd | null } | null = null;
  /** How often every origin has been tried. */
  #rounds = 0;

  constructor(context: RequestContext, pool: EdgePool, picker: Picker, budget: RetryBudget) {
    this.#context = context;
    this.#pool = pool;
    this.#picker = picker;
    this.#budget = budget;
  }

  /** Null: no origin is eligible. A promise only if the picker gives one. @throws ClientLeft */
  next(): OriginPick | null | Promise<OriginPick | null> {
    const picking = this.#picker.next();
    return picking instanceof Promise ? this.#unlessLeft(picking) : picking;
  }

  /** An attempt there has failed, and another may do better. */
  failed(server: EdgeServer, end: AttemptEnd | null): void {
    this.#last = { server, end };
    this.#picker.failed(server, end !== "connect_failure");
  }

  /**
   * For a retry: an origin not tried yet, or, when all are, after a back-off one that could not be reached. Null: there
   * is none, or the budget is spent.
   * @throws ClientLeft
   */
  async another(): Promise<OriginPick | null> {
    if (!this.mayRetry()) return null;
    const { surroundings } = this.#context;
    let pick = await this.next();
    // An origin that answered would answer the same again; only one that could not be reached is worth another round.
    if (pick === null && this.#last?.end === "connect_failure" && this.#picker.startRound()) {
      await surroundings.wait(backoffMs(++this.#rounds, surroundings.random));
      this.#context.checkPresence();
      pick = await this.next();
    }
    return pick;
  }

  /** False: others have spent the budget. Counted only where there is an origin that the request would have gone on to. */
  mayRetry(): boolean {
    if (this.#budget.isLeft(this.#context.now())) return true;
    if (this.#last !== null && this.#picker.hasAnother)
      this.#pool.outcomes.retryOverflow(this.#last.server.id);
    return false;
  }

  /** A retry is sent now, which `mayRetry` allowed just before: takes it from the budget. */
  startRetry({ server }: OriginPick): void {
    this.#budget.withdraw(this.#context.now());
    this.#pool.outcomes.retry(server.id);
  }

  async #unlessLeft(picking: Promise<OriginPick | null>): Promise<OriginPick | null> {
    const pick = await picking;
    if (this.#context.hasLeft) pick?.onRelease?.("not_sent");
    this.#context.checkPresence();
    return pick;
  }
}
