/**
 * Peak EWMA: two choices by expected latency. Follows Finagle's PeakEwma and tower's load::PeakEwma, but avoids two of
 * their traps: failures are charged, and a server without measurements is taken to be as fast as the others.
 * @module
 */

import type { Server } from "../server/server.ts";
import type { CandidateSource } from "./algorithm.ts";
import { type LoadMetric, P2c } from "./p2c.ts";
import type { RandomOptions } from "./weighted-random.ts";

/** Milliseconds in which the weight of an old latency decays to 1/e; Finagle's default. */
const DECAY_MS = 10_000;
/** The least latency in ms that a failure counts as; otherwise a server that fails fast would look fast. */
const FAILURE_PENALTY_MS = 1_000;
/**
 * A failure counts as at least this many times the expected latency; otherwise a failing server would look fast in a
 * pool of slow ones. It counts as a minute at most, so that the server is tried again.
 */
const FAILURE_FACTOR = 2;
const MOST_CHARGED_MS = 60_000;
/** The latency assumed while no server has a measurement, in ms; tower's default. */
const DEFAULT_RTT_MS = 1_000;
/** Number of servers that the median is taken from: enough for an estimate in a pool of any size. */
const MEDIAN_SAMPLE = 64;
/** A server that is at most this many times as slow as the other gets enough requests without being tried again. */
const ALIKE = 2;
/** Clocks count whole milliseconds: a latency of 0 would make a server look free however busy it is. */
const LEAST_RTT_MS = 1;

interface Estimate {
  costMs: number;
  stampMs: number;
}

/**
 * The measured latencies of servers. A new balancer over the same servers takes them over, so that it need not measure
 * anew.
 */
export type LatencyEstimates = WeakMap<Server, Estimate>;

/** Options of `peak_ewma`. */
export interface PeakEwmaOptions extends RandomOptions {
  /** Taken over from another balancer. Default: none, so that every server is measured anew. */
  estimates?: LatencyEstimates;
}

/**
 * A server of weight 2 is treated like two of weight 1 that share its requests: both may be drawn, and each carries
 * half of them. So its weight counts once. If the draw went by weight and the whole latency were divided by it too, an
 * idle server of weight 2 would look twice as fast as one of weight 1, which would get nothing.
 */
export class PeakEwma<S extends Server = Server> extends P2c<S> {
  readonly #estimates: LatencyEstimates;

  constructor(servers: CandidateSource<S>, options: PeakEwmaOptions = {}) {
    const load: LoadMetric<S> = (server, nowMs, eligible, meanWeight, other) =>
      this.load(server, nowMs, eligible, meanWeight, other);
    super(servers, options, load, "peak_ewma", "parts");
    this.#estimates = options.estimates ?? new WeakMap();
  }

  /** An attempt ended. A slower answer counts at once, a faster one gradually. */
  override observe(server: S, rttMs: number, failed: boolean, nowMs: number): void {
    const rtt = failed ? Math.max(rttMs, this.#charge(server, nowMs)) : rttMs;
    const before = this.#estimates.get(server);
    if (before === undefined || rtt >= before.costMs) {
      this.#estimates.set(server, { costMs: rtt, stampMs: nowMs });
      return;
    }
    const kept = Math.exp(-Math.max(0, nowMs - before.stampMs) / DECAY_MS);
    this.#estimates.set(server, { costMs: before.costMs * kept + rtt * (1 - kept), stampMs: nowMs });
  }

  /**
   * Expected milliseconds until one more request would be answered; a server with twice the mean weight works at two of
   * its requests at a time. The value decays while the server is idle, so that a slow server is tried again. If the two
   * are about equally fast, it does not decay below the other's value: otherwise the server with fewer requests would
   * look better.
   */
  load(server: S, nowMs: number, eligible: readonly S[], meanWeight = 1, other?: S): number {
    const cost = this.#cost(server, nowMs, other) ?? this.#typicalCost(nowMs, eligible);
    const inFlight = server.activeConnections - server.staleConnections;
    return Math.max(cost, LEAST_RTT_MS) * ((inFlight * meanWeight) / server.effectiveWeight + 1);
  }

  #charge(server: S, nowMs: number): number {
    const expected = this.#cost(server, nowMs) ?? 0;
    return Math.min(Math.max(expected * FAILURE_FACTOR, FAILURE_PENALTY_MS), MOST_CHARGED_MS);
  }

  #cost(server: S, nowMs: number, other?: S): number | null {
    const estimate = this.#estimates.get(server);
    if (estimate === undefined) return null;
    const cost = estimate.costMs * Math.exp(-Math.max(0, nowMs - estimate.stampMs) / DECAY_MS);
    const others = other === undefined ? undefined : this.#estimates.get(other);
    if (others === undefined || estimate.costMs > ALIKE * others.costMs) return cost;
    return Math.max(cost, Math.min(estimate.costMs, others.costMs));
  }

  /** The median of the known latencies. With it a cold server gets a fair share instead of all requests. */
  #typicalCost(nowMs: number, eligible: readonly S[]): number {
    const known: number[] = [];
    const stride = Math.ceil(eligible.length / MEDIAN_SAMPLE);
    for (let i = 0; i < eligible.length; i += stride) {
      const server = eligible[i];
      const cost = server === undefined ? null : this.#cost(server, nowMs);
      if (cost !== null) known.push(cost);
    }
    known.sort((a, b) => a - b);
    return known[known.length >> 1] ?? DEFAULT_RTT_MS;
  }
}
