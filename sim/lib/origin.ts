/**
 * An origin as the rest of the world sees it.
 * @module
 */
import type { OriginMeasures } from "./origin-meter.ts";

export interface Capacity {
  /** Requests served at once. */
  readonly workers: number;
  /** Mean time to serve one, in ms. */
  readonly serviceMs: number;
}

/** A request at an origin. */
export interface Visitor {
  /** Its end there. @param isAnswered false: it is refused, or cut off */
  left(isAnswered: boolean): void;
}

export interface Origin {
  readonly id: string;
  readonly region: number;
  readonly capacity: Capacity;
  /** Share of the requests that it refuses at random while it is up, 0 to 1. */
  refusedShare: number;
  /** A request has arrived. */
  arrive(visitor: Visitor): void;
  /** Refuses requests from now on, and cuts off those that it has. */
  fail(): void;
  recover(): void;
  /** Discards the measurements so far. */
  startMeasuring(): void;
  measured(): OriginMeasures;
}
