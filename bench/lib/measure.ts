/**
 * CPU per request of a subject and of the bare pass-through, taken in turns, so that what else the machine does
 * falls on both.
 * @module
 */
import { cpuMicros } from "./cpu.ts";
import type { LoadGenerator, LoadOptions, LoadResult } from "./load.ts";
import type { RequestKind } from "./scenarios.ts";
import type { Subject } from "./subjects.ts";

export interface Plan {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

export interface Figures {
  /** CPU microseconds of the process per request, the median of the rounds. */
  readonly cpuUs: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Measured extends Figures {
  readonly bare: Figures;
  /** The median of the rounds' ratios to the bare pass-through of the same request. */
  readonly ratio: number;
  /** The smallest and the largest of them. */
  readonly ratios: readonly [number, number];
}

/** Connections: 16, but few where one answer fills the sockets by itself. */
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

interface Side {
  readonly subject: Subject;
  readonly load: LoadOptions;
}

export async function measure(
  generator: LoadGenerator,
  bare: Side,
  subject: Side,
  plan: Plan,
): Promise<Measured> {
  const once = ({ subject: { pids }, load }: Side) => timed(generator, pids, { ...load, ms: plan.roundMs });
  for (const { load } of [bare, subject]) await generator.run({ ...load, ms: plan.warmUpMs });
  const own: Figures[] = [];
  const bares: Figures[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    // A B, B A, A B: whatever drifts, drifts for both.
    const order = round % 2 === 0 ? ([bares, own] as const) : ([own, bares] as const);
    for (const list of order) list.push(await once(list === bares ? bare : subject));
  }
  const ratios = own
    .map(({ cpuUs }, round) => cpuUs / (bares[round]?.cpuUs ?? Number.NaN))
    .sort((a, b) => a - b);
  return {
    ...medians(own),
    bare: medians(bares),
    ratio: median(ratios),
    ratios: [ratios[0] ?? Number.NaN, ratios.at(-1) ?? Number.NaN],
  };
}

async function timed(generator: LoadGenerator, pids: readonly number[], load: LoadOptions): Promise<Figures> {
  const before = cpuMicros(pids);
  const { requests, seconds, p50Ms, p99Ms }: LoadResult = await generator.run(load);
  const cpuUs = (cpuMicros(pids) - before) / requests;
  return { cpuUs, requestsPerSecond: requests / seconds, p50Ms, p99Ms };
}

function medians(rounds: readonly Figures[]): Figures {
  return {
    cpuUs: median(rounds.map((each) => each.cpuUs)),
    requestsPerSecond: median(rounds.map((each) => each.requestsPerSecond)),
    p50Ms: median(rounds.map((each) => each.p50Ms)),
    p99Ms: median(rounds.map((each) => each.p99Ms)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
