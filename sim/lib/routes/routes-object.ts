/**
 * The object of the routes: the real relay of statuses between the pools' objects, which it reaches over the network.
 * @module
 */
import type { RouteConfig } from "../../../src/config/schema.ts";
import type { PoolStatus, PoolStatuses, PoolStatusReply } from "../../../src/contract/pool-status.ts";
import { answered, LONGEST_ANSWER_MS } from "../../../src/platform/object-client.ts";
import { StatusRelay } from "../../../src/pool/routes/status-relay.ts";
import { CallLine } from "../call-line.ts";
import { skewedClock, virtualWait } from "../clock.ts";
import { cross } from "../crossing.ts";
import type { EventQueue } from "../event-queue.ts";
import type { Network } from "../network.ts";
import type { Rng } from "../rng.ts";
import type { SimObject } from "../sim-object.ts";

export interface RoutesObjectOptions {
  readonly queue: EventQueue;
  readonly rng: Rng;
  readonly network: Network;
  readonly region: number;
  readonly routes: readonly RouteConfig[];
  readonly objects: ReadonlyMap<string, SimObject>;
  /** A call between it and a pool's object arrives. @param to a pool; null: this object */
  readonly called: (to: string | null) => void;
}

export class SimRoutesObject {
  readonly #options: RoutesObjectOptions;
  readonly #line: CallLine;
  readonly #now: () => number;
  readonly #wait: ReturnType<typeof virtualWait>;
  #relay: StatusRelay;

  constructor(options: RoutesObjectOptions) {
    this.#options = options;
    this.#line = new CallLine(options.queue);
    this.#now = skewedClock(options.queue, options.rng.random);
    this.#wait = virtualWait(options.queue);
    this.#relay = this.#newRelay();
  }

  /** True if a route chooses among several pools, this one among them. */
  isSteered(pool: string): boolean {
    return this.#relay.isSteered(pool);
  }

  set isDown(isDown: boolean) {
    this.#line.isDown = isDown;
  }

  /** Starts it anew: what pools have told is forgotten until they tell it again. */
  restart(): void {
    this.#relay = this.#newRelay();
  }

  /** A pool's object tells its status. Null: it was not heard. */
  async note(pool: string, from: number, status: PoolStatus): Promise<PoolStatusReply | null> {
    const { region, called } = this.#options;
    const answer = await this.#call<PoolStatusReply>(from, region, (resolve, reject) => {
      called(null);
      // What it has to pass on goes in the background of the call.
      this.#options.queue.settle();
      this.#line.call(() => this.#relay.note(pool, status), resolve, reject);
    });
    return answer.ok ? answer.value : null;
  }

  #newRelay(): StatusRelay {
    const relay = new StatusRelay({
      now: this.#now,
      wait: (ms) => this.#wait(ms),
      background: (work) => void work,
      tell: (pool, statuses) => this.#tell(pool, statuses),
    });
    relay.adopt(this.#options.routes);
    return relay;
  }

  async #tell(pool: string, statuses: PoolStatuses): Promise<boolean> {
    const { objects, region, called } = this.#options;
    const object = objects.get(pool);
    if (object === undefined) return false;
    const answer = await this.#call<void>(region, object.region, (resolve, reject) => {
      called(pool);
      object.call(() => object.hear(statuses), resolve, reject);
    });
    return answer.ok;
  }

  #call<T>(from: number, to: number, arrive: Parameters<typeof cross<T>>[1]["arrive"]) {
    const { queue } = this.#options;
    const later = (ms: number, act: () => void): void =>
      queue.in(ms, () => {
        act();
        queue.settle();
      });
    return answered(
      () => cross<T>(this.#options, { from, to, arrive, later }),
      LONGEST_ANSWER_MS,
      (ms, signal) => this.#wait(ms, signal),
    );
  }
}
