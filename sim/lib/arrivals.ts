/**
 * When requests come: each independently of the others (a Poisson process), at a rate that bursts change.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";
import type { SimOptions } from "./options.ts";
import type { Rng } from "./rng.ts";

type Rates = Pick<SimOptions, "rps" | "bursts">;

export class Arrivals {
  readonly #rates: Rates;
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #request: () => void;
  /** Counts up when the rate changes, so that requests planned at the old rate are dropped. */
  #plan = 0;

  /** @param request a request comes */
  constructor(rates: Rates, queue: EventQueue, rng: Rng, request: () => void) {
    this.#rates = rates;
    this.#queue = queue;
    this.#rng = rng;
    this.#request = request;
  }

  /** Requests per second then. */
  rateAt(atMs: number): number {
    const burst = this.#rates.bursts.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
    return this.#rates.rps * (burst?.factor ?? 1);
  }

  /** The rate changes with each burst. */
  planBursts(): void {
    for (const { fromMs, toMs } of this.#rates.bursts)
      for (const atMs of [fromMs, toMs]) this.#queue.at(atMs, () => this.start());
  }

  /** Plans the next request, at the rate of now. */
  start(): void {
    const plan = ++this.#plan;
    const next = (): void => {
      const rate = this.rateAt(this.#queue.nowMs);
      if (rate === 0) return;
      this.#queue.in(this.#rng.exponential(1_000 / rate), () => {
        if (plan !== this.#plan) return;
        this.#request();
        next();
      });
    };
    next();
  }
}
