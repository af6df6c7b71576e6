/** Consistent hashing as an algorithm: the ring over servers, with slow start and bounded loads. @module */

import { ConsistentHash } from "../hash/consistent-hash.ts";
import { murmur3 } from "../hash/murmur3.ts";
import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import {
  type Algorithm,
  type CandidateSource,
  canSkipLimitScan,
  noteAllRefused,
  noteRefused,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";
import { RoundRobin, type RoundRobinOptions } from "./round-robin.ts";

/** Options of `consistent_hash`. */
export interface RingHashOptions extends RoundRobinOptions {
  /** Percent of the average load that a server may carry before its keys go on to the next; 0 or absent: no bound. */
  balanceFactor?: number;
}

type Accept = (id: string) => boolean;

/**
 * Largest weight of a server on the ring, as a multiple of the mean: 1,500 points. Without it a ring would grow without
 * bound.
 */
const MOST_MEAN_WEIGHTS = 10;
const HASHES = 2 ** 32;

/**
 * Picks the server that a key belongs to. Ineligible servers are passed over clockwise, and no other server's keys
 * move.
 *
 * Points go by configured weights, relative to the mean of their priority, so that 1000:1000 costs what 1:1 does. A
 * server in its slow start keeps its points. It serves the part of its keys that its factor says, chosen by a hash of
 * key and server; the other keys go on clockwise. So the ring does not change, each key comes back once, and every
 * isolate chooses the same keys.
 */
export class RingHash<S extends Server = Server> implements Algorithm<S> {
  readonly name = "consistent_hash";
  readonly #candidates: Candidates<S>;
  readonly #options: RingHashOptions;
  readonly #keyless: RoundRobin<S>;
  readonly #ring = new ConsistentHash();
  readonly #byId = new Map<string, S>();
  /** The servers that the ring may answer with; made once per list, which mostly stays the same. */
  readonly #accepts = new WeakMap<readonly S[], Accept>();
  #isWarming = false;
  #revision = -1;

  constructor(servers: CandidateSource<S>, options: RingHashOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#keyless = new RoundRobin(this.#candidates, options);
    this.#options = options;
  }

  /** Without a key: round robin. */
  next(context: PickContext<S> = {}): S | null {
    const { key } = context;
    if (key === undefined || key === null || key === "") return this.#keyless.next(context);
    this.#update();
    const nowMs = nowOf(context, this.#options);
    const { primary } = this.#candidates;
    if (canSkipLimitScan(this.#candidates, context) && !this.#isBounded) {
      const accept = this.#acceptOf(primary);
      const preferred = this.#owner(key, accept);
      if (preferred !== null && this.#candidates.isBelowLimits(preferred, nowMs)) return preferred;
      noteRefused(this.#candidates, context, preferred, nowMs);
      const server = this.#owner(key, (id) => accept(id) && this.#isBelowLimits(id, nowMs));
      if (server !== null) return server;
    }
    // A key moves only where its server cannot take it.
    const eligible = this.#candidates.list({ tried: context.tried }, nowMs);
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      available === primary && !this.#isBounded ? null : this.#owner(key, this.#acceptOf(available)),
    );
    if (eligible.length < 2) return eligible[0] ?? null;
    return this.#owner(key, this.#acceptOf(this.#belowCapacity(eligible)));
  }

  #owner(key: string, accept: Accept): S | null {
    const kept = this.#isWarming ? this.#ring.getNode(key, (id) => accept(id) && this.#keeps(id, key)) : null;
    // If all servers that may serve are in their slow start, each has all of its keys.
    const id = kept ?? this.#ring.getNode(key, accept);
    return id === null ? null : (this.#byId.get(id) ?? null);
  }

  /** False for the keys that a server in its slow start does not have yet. */
  #keeps(id: string, key: string): boolean {
    const factor = this.#byId.get(id)?.weightFactor ?? 1;
    return factor >= 1 || murmur3(id, murmur3(key)) < factor * HASHES;
  }

  #isBelowLimits(id: string, nowMs: number): boolean {
    const server = this.#byId.get(id);
    return server !== undefined && this.#candidates.isBelowLimits(server, nowMs);
  }

  /** Bounded loads need the load of every server. */
  get #isBounded(): boolean {
    return (this.#options.balanceFactor ?? 0) !== 0;
  }

  prepare(): void {
    this.#update();
    this.#ring.getNode("");
  }

  #acceptOf(allowed: readonly S[]): Accept {
    const known = this.#accepts.get(allowed);
    if (known !== undefined) return known;
    const ids = new Set(allowed.map((server) => server.id));
    const accept: Accept = (id) => ids.has(id);
    this.#accepts.set(allowed, accept);
    return accept;
  }

  /** All servers with a weight are on the ring, whatever their health, so that an outage moves only its own keys. */
  #update(): void {
    const { revision, servers } = this.#candidates;
    if (revision === this.#revision) return;
    this.#revision = revision;
    const weighted = servers.filter(({ weight }) => weight > 0);
    const mean = { primary: meanWeight(weighted, false), backup: meanWeight(weighted, true) };
    const gone = new Set(this.#byId.keys());
    this.#isWarming = false;
    for (const server of weighted) {
      gone.delete(server.id);
      this.#byId.set(server.id, server);
      const relative = server.weight / (server.backup ? mean.backup : mean.primary);
      this.#ring.addNode(server.id, Math.min(relative, MOST_MEAN_WEIGHTS));
      this.#isWarming ||= server.weightFactor < 1;
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
    let requests = 1;
    let weight = 0;
    for (const server of eligible) {
      requests += inFlight(server);
      weight += server.effectiveWeight;
    }
    const below = eligible.filter((server) => {
      // At least 1, since no factor is 0. A single division of whole numbers: 1.1 times 50 is 55.00000000000001, which
      // would be rounded up to 56.
      const capacity = Math.ceil((factor * requests * server.effectiveWeight) / (100 * weight));
      return inFlight(server) < capacity;
    });
    return below.length === 0 || below.length === eligible.length ? eligible : below;
  }
}

function inFlight(server: Server): number {
  return server.activeConnections - server.staleConnections;
}

/** Mean weight of the servers of one priority. */
function meanWeight(servers: readonly Server[], backup: boolean): number {
  const weights = servers.flatMap((server) => (server.backup === backup ? server.weight : []));
  return weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
}
