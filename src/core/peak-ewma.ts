/**
 * Peak EWMA: two choices by expected latency. Follows Finagle's PeakEwma and tower's load::PeakEwma, with their traps
 * avoided: failures are charged, and a server nothing is known of is taken to be as fast as the others.
 * @module
 */
import type { Choice } from "./algorithm.ts";
import type { RandomOptions } from "./random.ts";
import type { Server } from "./server.ts";
import { TwoChoices } from "./two-choices.ts";

/** Time in which an old latency loses all but 1/e of its weight; Finagle's default. */
const DECAY_MS = 10_000;
/** What a failure counts at least, or a server that fails fast would look idle. */
const FAILURE_PENALTY_MS = 1_000;
/**
 * And at least this many times what was expected, or one that fails in a pool of slow servers would look fast. Up to
 * a minute: it has to be tried again.
 */
const FAILURE_FACTOR = 2;
const MOST_CHARGED_MS = 60_000;
/** Taken for the latency where nothing at all is known; tower's default. */
const DEFAULT_RTT_MS = 1_000;
/** Servers looked at for the median: enough for an estimate, however large the pool. */
const MEDIAN_SAMPLE = 64;
/** Clocks count whole milliseconds: a latency of 0 would make a server look free however busy it is. */
const LEAST_RTT_MS = 1;

interface Estimate {
  costMs: number;
  stampMs: number;
}

/** What is known of servers' latency. Handed on to a new balancer over the same servers, nothing need be learned anew. */
export type LatencyEstimates = WeakMap<Server, Estimate>;

export interface PeakEwmaOptions extends RandomOptions {
  estimates?: LatencyEstimates;
}

export class PeakEwma<S extends Server = Server> extends TwoChoices<S> {
  readonly #estimates: LatencyEstimates;

  constructor(servers: Choice<S>, options: PeakEwmaOptions = {}) {
    super(servers, options, (server, nowMs, eligible) => this.load(server, nowMs, eligible), "peak_ewma");
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

  /** Expected milliseconds until one more request would be answered, per weight. Decays while idle. */
  load(server: S, nowMs: number, eligible: readonly S[]): number {
    const cost = this.#cost(server, nowMs) ?? this.#typicalCost(nowMs, eligible);
    return (
      (Math.max(cost, LEAST_RTT_MS) * (server.activeConnections - server.staleConnections + 1)) /
      server.effectiveWeight
    );
  }

  #charge(server: S, nowMs: number): number {
    const expected = this.#cost(server, nowMs) ?? 0;
    return Math.min(Math.max(expected * FAILURE_FACTOR, FAILURE_PENALTY_MS), MOST_CHARGED_MS);
  }

  #cost(server: S, nowMs: number): number | null {
    const estimate = this.#estimates.get(server);
    if (estimate === undefined) return null;
    return estimate.costMs * Math.exp(-Math.max(0, nowMs - estimate.stampMs) / DECAY_MS);
  }

  /** The median of what is known: a cold server then gets a fair share, not everything. */
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
