/**
 * Turns counts of clients' answers into the statistics that the admin API shows.
 * @module
 */

import {
  ANSWER_CLASSES,
  type AnswerClass,
  type AnswerCounts,
  type ClientCounts,
  failedAnswers,
  type KeyedAnswers,
  total,
} from "../core/metrics/client-counts.ts";
import type { LatencySketch } from "../core/metrics/latency-sketch.ts";
import { type ClientStats, type KeyedClientStats, quantilesOf } from "./stats.ts";

/** @param latencies may cover another time than the counts, as with counts since the start */
export function clientStats(counts: ClientCounts, latencies: LatencySketch): ClientStats {
  const { answers, clientClosed, problems, requests, routes, hosts } = counts;
  const failed = failedAnswers(answers);
  return {
    requests,
    failed,
    availability: requests === 0 ? null : 1 - failed / requests,
    answers: byClass(answers),
    client_closed: clientClosed,
    problems: Object.fromEntries(problems),
    routes: keyed(routes),
    hosts: keyed(hosts),
    ...quantilesOf(latencies),
  };
}

/** Most failing first, then the busiest. */
function keyed(answers: KeyedAnswers): KeyedClientStats[] {
  return Array.from(answers.entries(), ([key, counts]) => ({
    key,
    requests: total(counts),
    failed: failedAnswers(counts),
    answers: byClass(counts),
  })).sort((a, b) => b.failed - a.failed || b.requests - a.requests);
}

function byClass(answers: AnswerCounts): Record<AnswerClass, number> {
  const counts: Partial<Record<AnswerClass, number>> = {};
  for (const [index, name] of ANSWER_CLASSES.entries()) counts[name] = answers[index] ?? 0;
  return counts as Record<AnswerClass, number>;
}
