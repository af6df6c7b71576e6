/**
 * Simulates isolates that share one origin's rate limit over an unreliable network, on a virtual clock. Only time,
 * randomness and the network are simulated; the rest is the real code.
 */

import { RttEstimator } from "../../src/core/metrics/rtt-estimator.ts";
import { LeasedLimiter } from "../../src/core/rate-limit/leased-limiter.ts";
import { RateLimitAllocator } from "../../src/core/rate-limit/rate-allocator.ts";
import { LONGEST_LEASE_MS, type RateReport, SAFE_WINDOW_MS } from "../../src/core/rate-limit/rate-lease.ts";
import { seededRandom } from "./seeded-random.ts";

export interface WorldOptions {
  seed: number;
  limit: number;
  isolates: number;
  /** Requests per second of all isolates together. */
  offered: number;
  /** Delay in one direction, uniformly distributed. */
  delayMs?: [number, number];
  /** Probability that a message is lost. */
  lost?: number;
  /** Probability that a request to the object arrives a second time, up to a second later. */
  repeated?: number;
  /** Probability per second that an isolate dies. Another one starts at once. */
  churn?: number;
  /** Largest error of an isolate's clock. */
  skewMs?: number;
  /** Some isolates get far more than others. */
  skewedDemand?: boolean;
  /** Times at which the object loses its memory. */
  restartsAtMs?: number[];
  /** When the object forgets everything and others take over from all isolates, which get a late request at times. */
  deploysAtMs?: number[];
}

const CALL_TIMEOUT_MS = 250;
/** Requests a second that an isolate of the old version still gets, and for how long. */
const LATE_RATE = 0.7;
const LATE_MS = 6_000;

class Isolate {
  readonly limiter: LeasedLimiter;
  readonly rtt = new RttEstimator();
  readonly name: string;
  readonly skewMs: number;
  rate: number;
  alive = true;
  waiting = 0;
  syncedMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, limit: number, skewMs: number, rate: number) {
    this.name = name;
    this.limiter = new LeasedLimiter(limit);
    this.skewMs = skewMs;
    this.rate = rate;
  }
}

export class World {
  nowMs = 0;
  /** True times at which requests started. */
  readonly starts: number[] = [];
  calls = 0;
  asks = 0;
  refusals = 0;
  /** Shares that isolates gave up. */
  releases = 0;
  readonly #options: Required<WorldOptions>;
  readonly #random: () => number;
  readonly #objectSkewMs: number;
  #shares: RateLimitAllocator;
  #births = 0;
  #inService: Isolate[] = [];
  /** Events by millisecond. A heap would be faster, but this is shorter. */
  readonly #queue = new Map<number, (() => void)[]>();

  constructor(options: WorldOptions) {
    this.#options = {
      delayMs: [2, 25],
      lost: 0,
      repeated: 0,
      churn: 0,
      skewMs: 2_000,
      skewedDemand: false,
      restartsAtMs: [],
      deploysAtMs: [],
      ...options,
    };
    this.#random = seededRandom(options.seed);
    this.#objectSkewMs = this.#skew();
    this.#shares = new RateLimitAllocator(options.limit);
    for (const atMs of this.#options.restartsAtMs) this.#at(atMs, () => this.#restart(atMs));
    for (const atMs of this.#options.deploysAtMs) this.#at(atMs, () => this.#deploy(atMs));
    for (let index = 0; index < options.isolates; index++)
      this.#at(this.#random() * 100, () => this.#bear(index));
  }

  run(untilMs: number): this {
    for (; this.nowMs < untilMs; this.nowMs++) {
      const due = this.#queue.get(this.nowMs);
      for (let index = 0; due !== undefined && index < due.length; index++) due[index]?.();
      this.#queue.delete(this.nowMs);
    }
    return this;
  }

  /** Most starts in any window of one second. */
  worstWindow(): number {
    let worst = 0;
    let oldest = 0;
    for (let newest = 0; newest < this.starts.length; newest++) {
      while ((this.starts[newest] ?? 0) - (this.starts[oldest] ?? 0) >= 1_000) oldest++;
      worst = Math.max(worst, newest - oldest + 1);
    }
    return worst;
  }

  counted(): number {
    return this.#shares.outstanding(this.nowMs + this.#objectSkewMs);
  }

  /** Share of the limit that was used in a span of time. */
  use(fromMs: number, toMs: number): number {
    const used = this.starts.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
    return (used * 1_000) / (toMs - fromMs) / this.#options.limit;
  }

  #at(atMs: number, act: () => void): void {
    const key = Math.max(this.nowMs, Math.ceil(atMs));
    const list = this.#queue.get(key);
    if (list === undefined) this.#queue.set(key, [act]);
    else list.push(act);
  }

  #skew(): number {
    return Math.round((this.#random() * 2 - 1) * this.#options.skewMs);
  }

  #restart(atMs: number): void {
    const { limit } = this.#options;
    const bornMs = atMs + this.#objectSkewMs;
    const previous = { untilMs: bornMs + LONGEST_LEASE_MS + SAFE_WINDOW_MS, most: limit };
    this.#shares = new RateLimitAllocator(limit, { previous, firstNumber: Math.max(1, bornMs) });
  }

  #deploy(atMs: number): void {
    this.#restart(atMs);
    const old = this.#inService;
    this.#inService = [];
    for (const [index, isolate] of old.entries()) {
      isolate.rate = LATE_RATE;
      this.#at(atMs + LATE_MS, () => {
        isolate.alive = false;
      });
      this.#reportInTime(isolate);
      this.#bear(index);
    }
  }

  /** As an isolate does after its last request: it reports at its pace, for as long as it has something to give up. */
  #reportInTime(isolate: Isolate): void {
    const nextMs = Math.max(this.nowMs + 1, isolate.syncedMs + 900);
    this.#at(nextMs, () => {
      if (!isolate.alive) return;
      if (this.nowMs - isolate.syncedMs >= 900) this.#sync(isolate);
      this.#reportInTime(isolate);
    });
  }

  #bear(index: number): void {
    const { isolates, offered, skewedDemand, churn, limit } = this.#options;
    const part = skewedDemand ? (2 * (index + 1)) / (isolates * (isolates + 1)) : 1 / isolates;
    const isolate = new Isolate(`i${this.#births++}`, limit, this.#skew(), offered * part);
    this.#inService[index] = isolate;
    this.#arrive(isolate, this.nowMs);
    if (churn === 0) return;
    const lifeMs = -Math.log(1 - this.#random()) * (1_000 / churn);
    this.#at(this.nowMs + lifeMs, () => {
      isolate.alive = false;
      if (this.#inService[index] === isolate) this.#bear(index);
    });
  }

  #arrive(isolate: Isolate, atMs: number): void {
    if (!isolate.alive) return;
    this.#request(isolate, true);
    if (this.nowMs - isolate.syncedMs >= 1_000) this.#sync(isolate);
    const nextMs = atMs + (-Math.log(1 - this.#random()) * 1_000) / isolate.rate;
    this.#at(nextMs, () => this.#arrive(isolate, nextMs));
  }

  #request(isolate: Isolate, first: boolean): void {
    const nowMs = this.nowMs + isolate.skewMs;
    const { limiter } = isolate;
    if (limiter.allows(nowMs)) {
      if (limiter.take(nowMs)) this.starts.push(this.nowMs);
      return;
    }
    if (first) limiter.refused(nowMs);
    if (first && limiter.pendingMs(nowMs) !== null) isolate.waiting++;
    else if (first && limiter.canRequest(nowMs)) this.#ask(isolate);
    else this.refusals++;
  }

  #sync(isolate: Isolate): void {
    isolate.syncedMs = this.nowMs;
    const report = isolate.limiter.report(this.nowMs + isolate.skewMs);
    if (report.released_ms !== undefined) this.releases++;
    this.#call(isolate, report, () => {});
  }

  #ask(isolate: Isolate): void {
    this.asks++;
    isolate.waiting = 1;
    let ended = false;
    const end = (failed: boolean): void => {
      if (ended || !isolate.alive) return;
      ended = true;
      isolate.limiter.requestDone(this.nowMs + isolate.skewMs, failed);
      for (; isolate.waiting > 0; isolate.waiting--) this.#request(isolate, false);
    };
    const report = isolate.limiter.request(this.nowMs + isolate.skewMs, isolate.rtt.rtoMs);
    this.#call(isolate, report, () => end(false));
    this.#at(this.nowMs + CALL_TIMEOUT_MS, () => end(true));
  }

  #call(isolate: Isolate, report: RateReport, answered: () => void): void {
    const sentMs = this.nowMs;
    this.#send(() => this.#answer(isolate, report, sentMs, answered));
    if (this.#random() < this.#options.repeated) {
      this.#at(sentMs + this.#random() * 1_000, () => this.#answer(isolate, report, sentMs, () => {}));
    }
  }

  #answer(isolate: Isolate, report: RateReport, sentMs: number, answered: () => void): void {
    this.calls++;
    const grant = this.#shares.exchange(isolate.name, report, 1_000, this.nowMs + this.#objectSkewMs);
    this.#send(() => {
      if (!isolate.alive) return;
      isolate.rtt.observe(this.nowMs - sentMs);
      isolate.limiter.apply(grant, sentMs + isolate.skewMs, this.nowMs + isolate.skewMs);
      answered();
    });
  }

  #send(arrived: () => void): void {
    const { lost, delayMs } = this.#options;
    if (this.#random() < lost) return;
    this.#at(this.nowMs + delayMs[0] + this.#random() * (delayMs[1] - delayMs[0]), arrived);
  }
}
