/**
 * How many tokens isolates asked for lately: a number that decays.
 * @module
 */

/** They are remembered for about so long. */
const NEED_MS = 5_000;

export class TokenNeeds {
  #needs = 0;
  #needMs = Number.NEGATIVE_INFINITY;

  add(needs: number, nowMs: number): void {
    this.#needs = this.#at(nowMs) + needs;
    this.#needMs = nowMs;
  }

  perSecond(nowMs: number): number {
    return (this.#at(nowMs) * 1_000) / NEED_MS;
  }

  #at(nowMs: number): number {
    return this.#needs * Math.exp(Math.min(0, this.#needMs - nowMs) / NEED_MS);
  }
}
