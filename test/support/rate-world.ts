/**
 * Isolates that share one origin's rate limit over an unreliable network, on a virtual clock. Everything but time,
 * randomness and the network is the real code.
 */
import { LeasedLimiter } from "../../src/core/leased-limiter.ts";
import { HOLD_MS, LONGEST_LEASE_MS, type RateReport } from "../../src/core/rate-lease.ts";
import { RateShares } from "../../src/core/rate-shares.ts";
import { RoundTrip } from "../../src/core/round-trip.ts";

export interface WorldOptions {
  seed: number;
  limit: number;
  isolates: number;
  /** Offered by all isolates together, requests per second. */
  offered: number;
  /** One way, uniform. */
  delayMs?: [number, number];
  /** Chance that a message is lost. */
  lost?: number;
  /** Chance that a request to the object arrives a second time, up to a second later. */
  repeated?: number;
  /** Chance per isolate and second that it dies; another is born at once. */
  churn?: number;
  /** Clocks are off by up to this. */
  skewMs?: number;
  /** Some isolates get far more than others. */
  skewedDemand?: boolean;
  /** When the object forgets everything. */
  restartsAtMs?: number[];
}

const CALL_TIMEOUT_MS = 250;

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Isolate {
  readonly limiter: LeasedLimiter;
  readonly roundTrip = new RoundTrip();
  readonly name: string;
  readonly skewMs: number;
  readonly rate: number;
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
  /** When requests started, true time. */
  readonly starts: number[] = [];
  calls = 0;
  asks = 0;
  refusals = 0;
  readonly #options: Required<WorldOptions>;
  readonly #random: () => number;
  readonly #objectSkewMs: number;
  #shares: RateShares;
  #births = 0;
  /** A heap would be faster; buckets of a millisecond are shorter. */
  readonly #agenda = new Map<number, (() => void)[]>();

  constructor(options: WorldOptions) {
    this.#options = {
      delayMs: [2, 25],
      lost: 0,
      repeated: 0,
      churn: 0,
      skewMs: 2_000,
      skewedDemand: false,
      restartsAtMs: [],
      ...options,
    };
    this.#random = seededRandom(options.seed);
    this.#objectSkewMs = this.#skew();
    this.#shares = new RateShares(options.limit);
    for (const atMs of this.#options.restartsAtMs) this.#at(atMs, () => this.#restart(atMs));
    for (let index = 0; index < options.isolates; index++)
      this.#at(this.#random() * 100, () => this.#bear(index));
  }

  run(untilMs: number): this {
    for (; this.nowMs < untilMs; this.nowMs++) {
      const due = this.#agenda.get(this.nowMs);
      for (let index = 0; due !== undefined && index < due.length; index++) due[index]?.();
      this.#agenda.delete(this.nowMs);
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
    return this.#shares.counted(this.nowMs + this.#objectSkewMs);
  }

  /** Share of the limit that was used in a span of time. */
  use(fromMs: number, toMs: number): number {
    const used = this.starts.filter((atMs) => atMs >= fromMs && atMs < toMs).length;
    return (used * 1_000) / (toMs - fromMs) / this.#options.limit;
  }

  #at(atMs: number, act: () => void): void {
    const key = Math.max(this.nowMs, Math.ceil(atMs));
    const list = this.#agenda.get(key);
    if (list === undefined) this.#agenda.set(key, [act]);
    else list.push(act);
  }

  #skew(): number {
    return Math.round((this.#random() * 2 - 1) * this.#options.skewMs);
  }

  #restart(atMs: number): void {
    const { limit } = this.#options;
    const bornMs = atMs + this.#objectSkewMs;
    const earlier = { untilMs: bornMs + LONGEST_LEASE_MS + HOLD_MS, most: limit };
    this.#shares = new RateShares(limit, { earlier, firstNumber: Math.max(1, bornMs) });
  }

  #bear(index: number): void {
    const { isolates, offered, skewedDemand, churn, limit } = this.#options;
    const part = skewedDemand ? (2 * (index + 1)) / (isolates * (isolates + 1)) : 1 / isolates;
    const isolate = new Isolate(`i${this.#births++}`, limit, this.#skew(), offered * part);
    this.#arrive(isolate, this.nowMs);
    if (churn === 0) return;
    const lifeMs = -Math.log(1 - this.#random()) * (1_000 / churn);
    this.#at(this.nowMs + lifeMs, () => {
      isolate.alive = false;
      this.#bear(index);
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
    if (first && limiter.isAsking(nowMs)) isolate.waiting++;
    else if (first && limiter.mayAsk(nowMs)) this.#ask(isolate);
    else this.refusals++;
  }

  #sync(isolate: Isolate): void {
    isolate.syncedMs = this.nowMs;
    this.#call(isolate, isolate.limiter.report(this.nowMs + isolate.skewMs), () => {});
  }

  #ask(isolate: Isolate): void {
    this.asks++;
    isolate.waiting = 1;
    let ended = false;
    const end = (failed: boolean): void => {
      if (ended || !isolate.alive) return;
      ended = true;
      isolate.limiter.askEnded(this.nowMs + isolate.skewMs, failed);
      for (; isolate.waiting > 0; isolate.waiting--) this.#request(isolate, false);
    };
    const report = isolate.limiter.ask(this.nowMs + isolate.skewMs, isolate.roundTrip.boundMs);
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
      isolate.roundTrip.observe(this.nowMs - sentMs);
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
