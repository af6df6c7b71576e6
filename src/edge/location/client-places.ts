/**
 * Where clients are, remembered by address: reading `request.cf` costs as much as a good part of a request's whole way
 * (docs/platform.md, request.cf), because all of it is parsed then.
 * @module
 */
import { type ClientPlace, clientPlace } from "../../core/steering/client-place.ts";
import { RecentMap } from "../model/recent-map.ts";

const GENERATION = 4_096;
/** An address may move to another network or place. */
const LONGEST_MS = 60_000;

interface Remembered {
  readonly place: ClientPlace;
  readonly untilMs: number;
}

export class ClientPlaces {
  readonly #places = new RecentMap<Remembered>(GENERATION);

  /**
   * @param address the client's; empty: unknown, and nothing is remembered
   * @param read gives its `request.cf`, whatever that is; called only if it must be
   */
  placeOf(address: string, nowMs: number, read: () => unknown): ClientPlace {
    if (address === "") return clientPlace(read());
    const known = this.#places.get(address);
    // The clock may be set back: an entry from the future does not count.
    const leftMs = (known?.untilMs ?? nowMs) - nowMs;
    if (known !== undefined && leftMs > 0 && leftMs <= LONGEST_MS) return known.place;
    const place = clientPlace(read());
    this.#places.set(address, { place, untilMs: nowMs + LONGEST_MS });
    return place;
  }
}
