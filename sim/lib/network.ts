/**
 * The delay and loss of messages between regions.
 * @module
 */
import type { Rng } from "./rng.ts";

export interface NetworkOptions {
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

/** How far two regions are from each other: 0 within one, 1 as far as can be. */
export type Apart = (from: number, to: number) => number;

/** Around the globe at equal distances. */
export function ring(regions: number): Apart {
  return (from, to) => {
    const apart = Math.abs(from - to);
    return regions === 1 ? 0 : Math.min(apart, regions - apart) / Math.floor(regions / 2);
  };
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #rng: Rng;
  readonly #apart: Apart;

  constructor(options: NetworkOptions, rng: Rng, apart: Apart) {
    this.#options = options;
    this.#rng = rng;
    this.#apart = apart;
  }

  /** Delay in one direction, in ms. */
  delayMs(from: number, to: number): number {
    const { nearMs, farMs } = this.#options;
    const medianMs = nearMs + (farMs - nearMs) * this.#apart(from, to);
    const factor = this.#rng.happens(HELD_UP) ? HELD_UP_FACTOR : 1;
    return medianMs * factor * this.#rng.spread(SIGMA);
  }

  /** True if this message between an isolate and the object never arrives. */
  loses(): boolean {
    return this.#rng.happens(this.#options.loss);
  }
}
