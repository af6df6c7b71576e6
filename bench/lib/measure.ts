/**
 * Measures CPU per request of a subject and of the bare pass-through in turns, so that other work on the machine
 * affects both equally.
 * @module
 */
import { cpuMicros } from "./cpu.ts";
import type { LoadGenerator, LoadOptions, LoadResult } from "./load.ts";
import type { RequestKind } from "./scenarios.ts";
import type { Subject } from "./subjects.ts";

export interface Plan {
  readonly rounds: number;
  /** Least length; longer on a busy machine, since code is slow until it has run often and few requests say little. */
  readonly roundMs: number;
  readonly roundRequests: number;
  readonly warmUpMs: number;
  readonly warmUpRequests: number;
}

export interface Figures {
  /** CPU microseconds of the process per request over all rounds, garbage collection included. */
  readonly cpuUs: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measured extends Figures {
  readonly bare: Figures;
  /** The lowest and the highest ratio of a process. */
  readonly byProcess: readonly [number, number];
  /** Ratio to the bare pass-through of the same request, all rounds together. */
  readonly ratio: number;
  /** The median of the rounds' ratios. Rounds in which much garbage was collected hardly affect it. */
  readonly medianRatio: number;
  /** The rounds' lower and upper quartile. */
  readonly quartiles: readonly [number, number];
}

/** One turn of one side. */
export interface Round {
  readonly cpuMicros: number;
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The measurements of one process of each side, by round. */
export interface Rounds {
  readonly own: readonly Round[];
  readonly bares: readonly Round[];
}

/** Connections: 16, but fewer if one answer alone fills the sockets. */
const CONNECTIONS: Readonly<Record<RequestKind, number>> = {
  small: 16,
  "64k": 16,
  "10m": 4,
  gzip: 16,
  post: 16,
};
const POST_BYTES = 65_536;

export function loadOf(
  url: string,
  kind: RequestKind,
  headers: Record<string, string>,
  ms: number,
): LoadOptions {
  const isPost = kind === "post";
  return {
    url: `${url}/${isPost ? "small" : kind}`,
    connections: CONNECTIONS[kind],
    ms,
    atLeast: 0,
    rate: null,
    method: isPost ? "POST" : "GET",
    headers: {
      "user-agent": "bench",
      accept: "*/*",
      ...(kind === "gzip" ? { "accept-encoding": "gzip" } : {}),
      ...headers,
    },
    bodyBytes: isPost ? POST_BYTES : 0,
  };
}

export interface Side {
  readonly subject: Subject;
  readonly load: LoadOptions;
}

/** The turns of a subject and of the bare pass-through, one beside the other. */
export class Turns {
  readonly #generator: LoadGenerator;
  readonly #bare: Side;
  readonly #own: Side;
  readonly #plan: Plan;
  readonly #rate: number | null;
  readonly rounds: { readonly own: Round[]; readonly bares: Round[] } = { own: [], bares: [] };

  /** @param rate requests a second; null: as many as there can be */
  constructor(generator: LoadGenerator, bare: Side, own: Side, plan: Plan, rate: number | null = null) {
    this.#generator = generator;
    this.#bare = bare;
    this.#own = own;
    this.#plan = plan;
    this.#rate = rate;
  }

  async warmUp(): Promise<void> {
    const { warmUpMs: ms, warmUpRequests: atLeast } = this.#plan;
    for (const { load } of [this.#bare, this.#own]) {
      await this.#generator.run({ ...load, rate: this.#rate, ms, atLeast });
    }
  }

  /** A round of each. A B, B A, A B: a drift of the machine affects both sides equally. */
  async take(): Promise<void> {
    const { own, bares } = this.rounds;
    const order = own.length % 2 === 0 ? ([bares, own] as const) : ([own, bares] as const);
    for (const list of order) list.push(await this.#round(list === bares ? this.#bare : this.#own));
  }

  #round({ subject: { pids }, load }: Side): Promise<Round> {
    const { roundMs: ms, roundRequests: atLeast } = this.#plan;
    return timed(this.#generator, pids, { ...load, rate: this.#rate, ms, atLeast });
  }
}

async function timed(generator: LoadGenerator, pids: readonly number[], load: LoadOptions): Promise<Round> {
  const before = cpuMicros(pids);
  const { requests, seconds, p50Ms, p99Ms }: LoadResult = await generator.run(load);
  return { cpuMicros: cpuMicros(pids) - before, requests, seconds, p50Ms, p99Ms };
}

/** All rounds of all processes. @param processes at least one, each with as many rounds of both sides */
export function compared(processes: readonly Rounds[]): Measured {
  const own = processes.flatMap((each) => each.own);
  const bares = processes.flatMap((each) => each.bares);
  const byProcess = processes.map((each) => cpuUsOf(each.own) / cpuUsOf(each.bares));
  const ratios = own.map((round, i) => cpuUsOf([round]) / cpuUsOf(bares.slice(i, i + 1)));
  return {
    ...figuresOf(own),
    bare: figuresOf(bares),
    ratio: cpuUsOf(own) / cpuUsOf(bares),
    byProcess: [Math.min(...byProcess), Math.max(...byProcess)],
    medianRatio: median(ratios),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  return {
    cpuUs: cpuUsOf(rounds),
    requestsPerSecond: rounds.reduce((sum, round) => sum + round.requests, 0) / seconds,
    p50Ms: median(rounds.map((each) => each.p50Ms)),
    p99Ms: median(rounds.map((each) => each.p99Ms)),
  };
}

function cpuUsOf(rounds: readonly Round[]): number {
  const requests = rounds.reduce((sum, round) => sum + round.requests, 0);
  return rounds.reduce((sum, round) => sum + round.cpuMicros, 0) / requests;
}

/** The median; NaN if there are no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that a share `q` of all values does not exceed, interpolated between two values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
