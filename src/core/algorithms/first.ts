/**
 * Fill in order: HAProxy's `first`, Caddy's too. Few servers run full and the others stay idle, so they can sleep or be
 * switched off.
 * @module
 */

import type { Candidates } from "../server/candidates.ts";
import type { Server } from "../server/server.ts";
import {
  type Algorithm,
  type AlgorithmOptions,
  type CandidateSource,
  canSkipLimitScan,
  isOpen,
  noteAllRefused,
  noteRefused,
  nowOf,
  type PickContext,
  toCandidates,
} from "./algorithm.ts";

/**
 * The first eligible server in the order of the list. A server takes every request until it is at its connection limit
 * or its rate limit; further requests go to the next. During its slow start a server's connection limit is reduced to a
 * part, as with HAProxy's `slowstart`. Weights have no effect, except weight 0, which keeps a server out.
 */
export class First<S extends Server = Server> implements Algorithm<S> {
  readonly name = "first";
  readonly #candidates: Candidates<S>;
  readonly #options: AlgorithmOptions;

  constructor(servers: CandidateSource<S>, options: AlgorithmOptions = {}) {
    this.#candidates = toCandidates(servers);
    this.#options = options;
  }

  next(context: PickContext<S> = {}): S | null {
    const nowMs = nowOf(context, this.#options);
    const { primary } = this.#candidates;
    if (canSkipLimitScan(this.#candidates, context)) {
      noteRefused(this.#candidates, context, primary[0], nowMs);
      for (const server of primary) {
        if (hasRoom(server) && isOpen(this.#candidates, context, server, nowMs)) return server;
      }
    }
    const eligible = this.#candidates.list(context, nowMs);
    noteAllRefused(this.#candidates, context, eligible, nowMs, (available) =>
      available === primary ? null : available[0],
    );
    return eligible.find(hasRoom) ?? eligible[0] ?? null;
  }
}

/**
 * False for a server in its slow start that already has its part of the connections. If no other server is left, it
 * takes more.
 */
function hasRoom({ weightFactor, maxConnections, activeConnections }: Server): boolean {
  return weightFactor >= 1 || activeConnections < Math.max(1, maxConnections * weightFactor);
}
