/**
 * Repeatable randomness: sfc32 (Chris Doty-Humphrey, PractRand). Its 128 bits of state outlast the hundreds of
 * millions of draws of a long run.
 * @module
 */

export class Rng {
  #a = 0;
  #b: number;
  #c = 0;
  #counter = 1;
  /** Numbers in [0, 1). */
  readonly random = (): number => this.#next() / 2 ** 32;

  constructor(seed: number) {
    this.#b = seed | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  exponential(mean: number): number {
    return -Math.log(1 - this.random()) * mean;
  }

  /** Log-normal with median 1. */
  spread(sigma: number): number {
    // Box and Muller, 1958.
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    return Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.random()));
  }

  /** A whole number in [0, below). */
  integer(below: number): number {
    return Math.floor(this.random() * below);
  }

  happens(probability: number): boolean {
    return probability > 0 && this.random() < probability;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
