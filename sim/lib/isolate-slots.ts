/**
 * The isolates of a run, each in a slot: one comes up with the first request there, and again after it has died.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";
import type { IsolateWorld, Place } from "./isolate-world.ts";
import type { SimOptions } from "./options.ts";
import type { Rng } from "./rng.ts";
import { SimIsolate } from "./sim-isolate.ts";

export class IsolateSlots {
  readonly #placeOf: (slot: number) => Place;
  readonly #world: IsolateWorld;
  /** Null: none has come up there yet. */
  readonly #isolates: (SimIsolate | null)[];
  /** Of those that are there, from 0 on in the order in which they came up. */
  readonly #numbers: Int32Array;
  #made = 0;

  constructor(count: number, placeOf: (slot: number) => Place, world: IsolateWorld) {
    this.#placeOf = placeOf;
    this.#world = world;
    this.#isolates = new Array<SimIsolate | null>(count).fill(null);
    this.#numbers = new Int32Array(count);
  }

  at(slot: number): SimIsolate {
    const there = this.#isolates[slot];
    if (there) return there;
    const number = this.#made++;
    const isolate = new SimIsolate(`isolate-${number}`, this.#placeOf(slot), this.#world);
    this.#isolates[slot] = isolate;
    this.#numbers[slot] = number;
    return isolate;
  }

  /** The number of the isolate in a slot, which must be up; of all that ever were, from 0 on. */
  numberAt(slot: number): number {
    return this.#numbers[slot] ?? 0;
  }

  /** Those that are up in a data centre. */
  inDataCenter(dataCenter: number): SimIsolate[] {
    return this.#isolates.filter((isolate, slot): isolate is SimIsolate => {
      return isolate !== null && this.#placeOf(slot).dataCenter === dataCenter;
    });
  }

  /** Cold isolates take over from all there are, which finish what they have begun. */
  replaceAll(): void {
    this.#isolates.fill(null);
  }

  /** Isolates die, one by one; the next request there finds a cold one. */
  planDeaths({ churn }: Pick<SimOptions, "churn">, queue: EventQueue, rng: Rng): void {
    const count = this.#isolates.length;
    if (churn === 0) return;
    queue.in(rng.exponential(60_000 / (churn * count)), () => {
      const slot = rng.integer(count);
      this.#isolates[slot]?.die();
      this.#isolates[slot] = null;
      this.planDeaths({ churn }, queue, rng);
    });
  }
}
