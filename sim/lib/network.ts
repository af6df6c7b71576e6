/**
 * How long messages take, and which get lost. Regions stand around the globe at equal distances; the pool's object is
 * in the first, origins are spread over all of them.
 * @module
 */
import type { Chance } from "./chance.ts";

export interface NetworkOptions {
  regions: number;
  /** One way, in ms: within a region, and to the farthest one. */
  nearMs: number;
  farMs: number;
  /** Share of the messages between an isolate and the object that get lost. */
  loss: number;
}

/** Spread of delays about their median: 95% lie within a third. */
const SIGMA = 0.15;
/** So many messages are held up on their way, and by how much. */
const HELD_UP = 0.01;
const HELD_UP_FACTOR = 4;

export class Network {
  readonly #options: NetworkOptions;
  readonly #chance: Chance;

  constructor(options: NetworkOptions, chance: Chance) {
    this.#options = options;
    this.#chance = chance;
  }

  /** One way, in ms. */
  delayMs(from: number, to: number): number {
    const { regions, nearMs, farMs } = this.#options;
    const apart = Math.abs(from - to);
    const distance = regions === 1 ? 0 : Math.min(apart, regions - apart) / Math.floor(regions / 2);
    const medianMs = nearMs + (farMs - nearMs) * distance;
    const factor = this.#chance.happens(HELD_UP) ? HELD_UP_FACTOR : 1;
    return medianMs * factor * this.#chance.spread(SIGMA);
  }

  /** True if this message between an isolate and the object never arrives. */
  loses(): boolean {
    return this.#chance.happens(this.#options.loss);
  }
}
