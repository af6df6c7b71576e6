/**
 * Where clients are, remembered by address: reading `request.cf` costs as much as a good part of a request's whole way
 * (docs/platform.md, request.cf), because all of it is parsed then.
 *
 * The memory has two generations: an entry that is used again moves to the young one, and when that is full the old one
 * is dropped. So the memory is bounded, and no entry in use is lost.
 * @module
 */
import { type ClientPlace, clientPlace } from "../../core/steering/client-place.ts";

const GENERATION = 4_096;
/** An address may move to another network or place. */
const LONGEST_MS = 60_000;

interface Remembered {
  readonly place: ClientPlace;
  readonly untilMs: number;
}

export class ClientPlaces {
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();

  /**
   * @param address the client's; empty: unknown, and nothing is remembered
   * @param read gives its `request.cf`, whatever that is; called only if it must be
   */
  placeOf(address: string, nowMs: number, read: () => unknown): ClientPlace {
    if (address === "") return clientPlace(read());
    const young = this.#young.get(address);
    const known = young ?? this.#old.get(address);
    // The clock may be set back: an entry from the future does not count.
    const leftMs = known === undefined ? 0 : known.untilMs - nowMs;
    if (known !== undefined && leftMs > 0 && leftMs <= LONGEST_MS) {
      if (young === undefined) this.#keep(address, known);
      return known.place;
    }
    const place = clientPlace(read());
    this.#keep(address, { place, untilMs: nowMs + LONGEST_MS });
    return place;
  }

  /** How many are remembered, for tests of its bound. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #keep(address: string, entry: Remembered): void {
    if (this.#young.size >= GENERATION && !this.#young.has(address)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(address, entry);
  }
}
