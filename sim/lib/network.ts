/**
 * The delay and loss of messages. Regions are around the globe at equal distances. The pool's object is in the first
 * one, and origins are spread over all of them.
 * @module
 */
import type { Rng } from "./rng.ts";

export interface NetworkOptions {
  regions: number;
  /** Delay in one direction, in ms: within a region, and to the farthest one. */
  nearMs: number;
  farMs: number;
  /** Share of the messages between an isolate and the object that get lost. */
  loss: number;
}

/** Spread of delays around their median: 95% are within a third of it. */
const SIGMA = 0.15;
/** Share of the messages that are delayed longer, and by which factor. */
const HELD_UP = 0.01;
const HELD_UP_FACTOR = 4;

export class Network {
  readonly #options: NetworkOptions;
  readonly #rng: Rng;

  constructor(options: NetworkOptions, rng: Rng) {
    this.#options = options;
    this.#rng = rng;
  }

  /** Delay in one direction, in ms. */
  delayMs(from: number, to: number): number {
    const { regions, nearMs, farMs } = this.#options;
    const apart = Math.abs(from - to);
    const distance = regions === 1 ? 0 : Math.min(apart, regions - apart) / Math.floor(regions / 2);
    const medianMs = nearMs + (farMs - nearMs) * distance;
    const factor = this.#rng.happens(HELD_UP) ? HELD_UP_FACTOR : 1;
    return medianMs * factor * this.#rng.spread(SIGMA);
  }

  /** True if this message between an isolate and the object never arrives. */
  loses(): boolean {
    return this.#rng.happens(this.#options.loss);
  }
}
