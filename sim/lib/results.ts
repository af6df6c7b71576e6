/**
 * The results of a run as plain figures, which the report prints, the picture draws and `--json` writes.
 * @module
 */
import { rateLimitOf } from "../../src/config/pool-rules.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import { MOST_CALLS_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import {
  type FailureResult,
  failureResult,
  isOut,
  leaving,
  type ReturnResult,
  returning,
  returnResult,
} from "./absences.ts";
import { type DeployResult, deployResult, keepsServing } from "./deploys.ts";
import { expectedSplit, sharesOf } from "./expected-split.ts";
import { add } from "./numbers.ts";
import type { SimOptions } from "./options.ts";
import { type QueueResult, queueResult } from "./queue-result.ts";
import { ANSWERS, type Answer, CALL_KINDS, type CallKind, type PoolEvent } from "./recorder.ts";
import { keepsSplit } from "./split.ts";
import type { TargetConfig, World } from "./world.ts";

/** The object's load is measured over spans of this many seconds, because single seconds vary randomly. */
export const LOAD_SPAN_S = 5;

const EXIT_BROKEN = 1;

export interface OriginResult {
  id: string;
  workers: number;
  service_ms: number;
  utilisation: number;
  requests: number;
  /** Requests of each second, and the expected ones. */
  per_second: number[];
  expected_per_second: number[];
  /** Null: no rate limit. */
  limit: number | null;
  /** Largest exact number of requests in any window of one second, and in the windows that end in each second. */
  worst_window: number;
  worst_window_at_s: number;
  worst_per_second: number[];
  /** Mean requests per second as a share of the limit. */
  limit_use: number | null;
}

/** True: held; false: broken; null: not judged in this run. */
type Promises = {
  limit: boolean | null;
  pace: boolean | null;
  split: boolean | null;
  deploy: boolean | null;
};

export interface Results {
  pool: string;
  algorithm: string;
  coordination: string;
  options: SimOptions;
  offered: number;
  attempts: number;
  answers: Record<Answer, number>;
  /** Requests without an answer yet when the run ended. */
  in_flight: number;
  answers_per_second: Record<Answer, number[]>;
  origins: OriginResult[];
  /** Largest difference of an origin's share of all requests from the expected one, in percentage points. */
  worst_share_error: number;
  /** The same in a typical second, and for independent random picks. */
  typical_second_error: number;
  random_second_error: number;
  calls: Record<CallKind, number>;
  calls_per_second: Record<CallKind, number[]>;
  /**
   * Mean; of the busiest span of `LOAD_SPAN_S` seconds, first calls of cold isolates aside, which nobody can pace; and in
   * the busiest second, exactly.
   */
  calls_mean: number;
  calls_busiest_span: number;
  calls_worst_second: number;
  /** Of origins that failed, or that the operator took out. */
  failures: FailureResult[];
  returns: ReturnResult[];
  deploys: DeployResult[];
  queue: QueueResult;
  events: PoolEvent[];
  promises: Promises;
}

export function resultsOf(options: SimOptions, target: TargetConfig, world: World): Results {
  const { recorder } = world;
  const { config, pool } = target;
  const offered = add(recorder.offered);
  const got = totals(ANSWERS, recorder.answers);
  const origins = originResults(options, config, world);
  const calls = callResults(options.seconds, recorder);
  const isStrict = config.coordination === "strict";
  const limited = origins.filter(({ limit }) => limit !== null);
  const deploys = recorder.deploys.map(deployResult);
  const events = recorder.events.filter(({ atMs }) => atMs >= 0);
  const held = limited.every(({ worst_window, limit }) => worst_window <= (limit ?? 0));
  return {
    pool,
    algorithm: config.algorithm,
    coordination: config.coordination,
    options,
    offered,
    attempts: recorder.attempts,
    answers: got,
    in_flight: offered - add(Object.values(got)),
    answers_per_second: arrays(ANSWERS, recorder.answers),
    origins,
    ...fairness(origins),
    ...calls,
    failures: leaving(options).map((event) => failureResult(event, options, recorder.trace(event.origin))),
    returns: returnResults(options, origins, (origin) => recorder.trace(origin)),
    deploys,
    queue: queueResult(config, world),
    events,
    promises: {
      // While the object is out of reach limits hold per isolate only, and the report says so.
      limit: limited.length === 0 || options.outages.length > 0 ? null : held,
      pace: isStrict || options.isCold ? null : calls.calls_busiest_span <= MOST_CALLS_PER_SECOND,
      split: keepsSplit(origins, config, events),
      deploy: keepsServing(deploys, config, (atMs) => world.rateAt(atMs)),
    },
  };
}

function callResults(seconds: number, recorder: World["recorder"]) {
  const all = Array.from({ length: seconds }, (_, second) =>
    add(CALL_KINDS.map((kind) => recorder.calls[kind][second] ?? 0)),
  );
  return {
    calls: totals(CALL_KINDS, recorder.calls),
    calls_per_second: arrays(CALL_KINDS, recorder.calls),
    calls_mean: add(all) / seconds,
    calls_busiest_span: busiestSpan(all, recorder.calls.first),
    calls_worst_second: recorder.mostCalls,
  };
}

function returnResults(
  options: SimOptions,
  origins: readonly OriginResult[],
  trace: (origin: string) => readonly number[],
): ReturnResult[] {
  return returning(options).map((event) => {
    const expected = origins.find(({ id }) => id === event.origin)?.expected_per_second ?? [];
    return returnResult(event, expected[Math.floor(event.atMs / 1_000) + 1] ?? 0, trace(event.origin));
  });
}

/** For whoever runs it in a pipeline: 0 as long as no promise was broken. */
export function exitCodeOf(promises: Readonly<Record<string, boolean | null>>): number {
  return Object.values(promises).includes(false) ? EXIT_BROKEN : 0;
}

function originResults(options: SimOptions, config: PoolConfig, world: World): OriginResult[] {
  const shares = sharesOf(config, (id) => world.origins.get(id)?.capacity.serviceMs ?? 0);
  const wanted = Array.from({ length: options.seconds }, (_, second) => {
    const atMs = second * 1_000 + 500;
    return expectedSplit(shares, world.rateAt(atMs), (id) => isOut(options, id, atMs));
  });
  return config.origins.map(({ id, rate_limit }) => {
    const record = world.recorder.origins.get(id);
    const origin = world.origins.get(id);
    const limit = rateLimitOf({ rate_limit }, config);
    const requests = add(record?.starts ?? []);
    return {
      id,
      workers: origin?.capacity.workers ?? 0,
      service_ms: origin?.capacity.serviceMs ?? 0,
      utilisation: origin?.measured().utilisation ?? 0,
      requests,
      per_second: [...(record?.starts ?? [])],
      expected_per_second: wanted.map((each) => each.get(id) ?? 0),
      limit,
      worst_window: record?.worstWindow ?? 0,
      worst_window_at_s: (record?.worstAtMs ?? 0) / 1_000,
      worst_per_second: [...(record?.worst ?? [])],
      limit_use: limit === null ? null : requests / options.seconds / limit,
    };
  });
}

function fairness(origins: readonly OriginResult[]) {
  const requests = add(origins.map((origin) => origin.requests));
  const wanted = add(origins.map((origin) => add(origin.expected_per_second)));
  const errors = origins.map(({ requests: own, expected_per_second }) =>
    requests === 0 || wanted === 0 ? 0 : Math.abs(own / requests - add(expected_per_second) / wanted),
  );
  const seconds = origins[0]?.per_second.map((_, second) => secondErrors(origins, second)) ?? [];
  return {
    worst_share_error: 100 * Math.max(0, ...errors),
    typical_second_error: 100 * median(seconds.map(({ measured }) => measured)),
    random_second_error: 100 * median(seconds.map(({ random }) => random)),
  };
}

/** Mean over the origins of the difference in share; random picks differ by a normal deviate, sqrt(2 / pi) of its sigma. */
function secondErrors(
  origins: readonly OriginResult[],
  second: number,
): { measured: number; random: number } {
  const requests = add(origins.map(({ per_second }) => per_second[second] ?? 0));
  const wanted = add(origins.map(({ expected_per_second }) => expected_per_second[second] ?? 0));
  if (requests === 0 || wanted === 0) return { measured: 0, random: 0 };
  const shares = origins.map(({ expected_per_second }) => (expected_per_second[second] ?? 0) / wanted);
  const measured = origins.map(({ per_second }, i) =>
    Math.abs((per_second[second] ?? 0) / requests - (shares[i] ?? 0)),
  );
  const random = shares.map((share) => Math.sqrt(((2 / Math.PI) * (share * (1 - share))) / requests));
  return { measured: add(measured) / origins.length, random: add(random) / origins.length };
}

/** Mean per second of the busiest `LOAD_SPAN_S` seconds in a row. @param aside calls that do not count */
export function busiestSpan(perSecond: readonly number[], aside: Float64Array): number {
  const counted = perSecond.map((calls, second) => calls - (aside[second] ?? 0));
  const length = Math.min(LOAD_SPAN_S, counted.length);
  const spans = counted.slice(length - 1).map((_, first) => add(counted.slice(first, first + length)));
  return Math.max(0, ...spans) / length;
}

function totals<K extends string>(
  kinds: readonly K[],
  columns: Readonly<Record<K, Float64Array>>,
): Record<K, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, add(columns[kind])])) as Record<K, number>;
}

function arrays<K extends string>(
  kinds: readonly K[],
  columns: Readonly<Record<K, Float64Array>>,
): Record<K, number[]> {
  return Object.fromEntries(kinds.map((kind) => [kind, [...columns[kind]]])) as Record<K, number[]>;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
