/** Consistent hashing as an algorithm: the ring over servers, with bounded loads. @module */
import {
  type Algorithm,
  type Choice,
  candidatesOf,
  nowOf,
  type PickContext,
  picksFirst,
} from "./algorithm.ts";
import type { Candidates } from "./candidates.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { RoundRobin, type RoundRobinOptions } from "./round-robin.ts";
import type { Server } from "./server.ts";

export interface HashRingOptions extends RoundRobinOptions {
  /** Percent of the average load a server may carry before its keys go on to the next; 0 or absent: any. */
  balanceFactor?: number;
}

/** The server a key belongs to; ineligible ones are passed over clockwise, and nobody else's keys move. */
export class HashRing<S extends Server = Server> implements Algorithm<S> {
  readonly name = "consistent_hash";
  readonly #candidates: Candidates<S>;
  readonly #options: HashRingOptions;
  readonly #keyless: RoundRobin<S>;
  readonly #ring = new ConsistentHash();
  readonly #byId = new Map<string, S>();
  #allowed: readonly S[] = [];
  #accept: (id: string) => boolean = () => false;
  #revision = -1;

  constructor(servers: Choice<S>, options: HashRingOptions = {}) {
    this.#candidates = candidatesOf(servers);
    this.#keyless = new RoundRobin(this.#candidates, options);
    this.#options = options;
  }

  /** Without a key: round robin. */
  next(context: PickContext<S> = {}): S | null {
    const { key } = context;
    if (key === undefined || key === null || key === "") return this.#keyless.next(context);
    this.#update();
    const nowMs = nowOf(context, this.#options);
    if (picksFirst(this.#candidates, context) && !this.#isBounded) {
      const accept = this.#acceptOf(this.#candidates.primary);
      const server = this.#owner(key, (id) => accept(id) && this.#isBelowLimits(id, nowMs));
      if (server !== null) return server;
    }
    const eligible = this.#candidates.list(context, nowMs);
    if (eligible.length < 2) return eligible[0] ?? null;
    return this.#owner(key, this.#acceptOf(this.#belowCapacity(eligible)));
  }

  #owner(key: string, accept: (id: string) => boolean): S | null {
    const id = this.#ring.getNode(key, accept);
    return id === null ? null : (this.#byId.get(id) ?? null);
  }

  #isBelowLimits(id: string, nowMs: number): boolean {
    const server = this.#byId.get(id);
    return server !== undefined && this.#candidates.isBelowLimits(server, nowMs);
  }

  /** Loads are bounded: that needs all of them. */
  get #isBounded(): boolean {
    return (this.#options.balanceFactor ?? 0) !== 0;
  }

  prepare(): void {
    this.#update();
    this.#ring.getNode("");
  }

  /** What the ring may answer with; made once per list, which mostly stays the same. */
  #acceptOf(allowed: readonly S[]): (id: string) => boolean {
    if (allowed !== this.#allowed) {
      const ids = new Set(allowed.map((server) => server.id));
      this.#allowed = allowed;
      this.#accept = (id) => ids.has(id);
    }
    return this.#accept;
  }

  /** All servers with a weight are on the ring, whatever their health, so that an outage moves only its own keys. */
  #update(): void {
    const { revision, servers } = this.#candidates;
    if (revision === this.#revision) return;
    this.#revision = revision;
    const gone = new Set(this.#byId.keys());
    for (const server of servers) {
      if (!(server.effectiveWeight > 0)) continue;
      gone.delete(server.id);
      this.#byId.set(server.id, server);
      this.#ring.addNode(server.id, server.effectiveWeight);
    }
    for (const id of gone) {
      this.#byId.delete(id);
      this.#ring.removeNode(id);
    }
  }

  /**
   * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, arXiv:1608.01350): a server takes at most
   * `c` times its share of the requests in flight, this one included.
   */
  #belowCapacity(eligible: readonly S[]): readonly S[] {
    if (!this.#isBounded) return eligible;
    const factor = this.#options.balanceFactor ?? 0;
    let inFlight = 1;
    let weight = 0;
    for (const server of eligible) {
      inFlight += server.activeConnections;
      weight += server.effectiveWeight;
    }
    const below = eligible.filter((server) => {
      // At least 1, as nothing here is 0. One division of whole numbers: 1.1 times 50 is 55.00000000000001, which would be rounded up to 56.
      const capacity = Math.ceil((factor * inFlight * server.effectiveWeight) / (100 * weight));
      return server.activeConnections < capacity;
    });
    return below.length === 0 || below.length === eligible.length ? eligible : below;
  }
}
