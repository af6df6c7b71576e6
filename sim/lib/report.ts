/**
 * Prints the figures of a run as text.
 * @module
 */
import { MOST_CALLS_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import type { FailureResult, ReturnResult } from "./absences.ts";
import type { DeployResult } from "./deploys.ts";
import { add } from "./numbers.ts";
import type { QueueResult } from "./queue-result.ts";
import { CALL_KINDS } from "./recorder.ts";
import { LOAD_SPAN_S, type Results } from "./results.ts";
import { count, percent, table } from "./text.ts";

/** Queue lengths with a smaller share are not shown, because they are too rare to matter. */
const LEAST_TAIL = 0.000_5;
const MOST_EVENTS = 20;

const CALLS: Readonly<Record<(typeof CALL_KINDS)[number], string>> = {
  paced: "when told to",
  early: "early: lease half spent, or a failure to tell of",
  first: "first of a cold isolate",
  rested: "late: the first request after a rest",
  tokens: "for rate-limit tokens",
  picks: "strict picks and their ends",
  watches: "for the next verdict, one of a data centre",
};

export function report(results: Results): string {
  const sections = [head(results), answers(results), origins(results), fairness(results), limits(results)];
  sections.push(
    calls(results),
    ...results.failures.map(failure),
    ...results.returns.map(comeBack),
    ...results.deploys.map(deploy),
    events(results),
    queues(results.queue),
  );
  sections.push(verdict(results));
  return sections.filter((section) => section !== "").join("\n\n");
}

function head({ pool, algorithm, coordination, options }: Results): string {
  const { rps, isolates, regions, seconds, seed, isBrief } = options;
  const what = `pool ${pool}: ${algorithm}, ${coordination}`;
  const way = isBrief
    ? "\nrequests take the short way: an approximation (docs/simulation.md, large runs)"
    : "";
  return `${what}\n${count(rps)} requests/s, ${count(isolates)} isolates in ${regions} regions, ${seconds} s, seed ${seed}${way}`;
}

function answers({ offered, attempts, answers: got, in_flight }: Results): string {
  const share = (n: number): string => percent(offered === 0 ? 0 : n / offered);
  const rows = [
    ["requests", count(offered), ""],
    ["answered", count(got.answered), share(got.answered)],
    ["503 rate_limited", count(got.rate_limited), share(got.rate_limited)],
    ["503 no_origin_available", count(got.no_origin), share(got.no_origin)],
    ["502 or 504 after all attempts", count(got.origin_failed), share(got.origin_failed)],
    ["gone with their isolate", count(got.lost), share(got.lost)],
    ["still in flight at the end", count(in_flight), share(in_flight)],
  ];
  const shown = rows.filter(([, n], row) => row < 2 || n !== "0");
  return `${table(["clients", "", ""], shown)}\nattempts at origins: ${count(attempts)}`;
}

function origins({ origins: all }: Results): string {
  const total = all.reduce((sum, { requests }) => sum + requests, 0);
  const wanted = all.reduce((sum, origin) => sum + add(origin.expected_per_second), 0);
  const rows = all.map((origin) => [
    origin.id,
    count(origin.requests),
    percent(total === 0 ? 0 : origin.requests / total),
    percent(wanted === 0 ? 0 : add(origin.expected_per_second) / wanted),
    String(origin.workers),
    `${origin.service_ms.toPrecision(3)} ms`,
    percent(origin.utilisation),
  ]);
  return table(["origin", "requests", "share", "expected", "workers", "service", "in use"], rows);
}

function fairness({ worst_share_error, typical_second_error, random_second_error }: Results): string {
  const points = (value: number): string => `${value.toFixed(2)} points`;
  return [
    "fairness: distance from the expected split, in percentage points",
    `  over the whole run, the worst origin   ${points(worst_share_error)}`,
    `  in a typical second, a typical origin  ${points(typical_second_error)}   (random picks: ${points(random_second_error)})`,
  ].join("\n");
}

function limits({ origins: all }: Results): string {
  const rows = all.flatMap(({ id, limit, worst_window, worst_window_at_s, limit_use }) => {
    if (limit === null) return [];
    const holds = worst_window <= limit ? "held" : "EXCEEDED";
    const at = `${worst_window_at_s.toFixed(3)} s`;
    return [[id, count(limit), count(worst_window), at, holds, percent(limit_use ?? 0)]];
  });
  if (rows.length === 0) return "";
  return table(["rate limit", "limit/s", "worst second", "ending at", "", "mean use"], rows);
}

function calls({ calls: by, calls_mean, calls_busiest_span, calls_worst_second, options }: Results): string {
  const rows = CALL_KINDS.filter((kind) => by[kind] > 0).map((kind) => [
    CALLS[kind],
    count(by[kind]),
    (by[kind] / options.seconds).toFixed(1),
  ]);
  const span = `busiest ${LOAD_SPAN_S} s, first calls aside: ${calls_busiest_span.toFixed(1)}/s`;
  const spans = `${span}; busiest second: ${calls_worst_second}`;
  return `${table(["calls to the object", "", "per s"], rows)}\nmean: ${calls_mean.toFixed(1)}/s, ${spans}`;
}

function failure({
  what,
  origin,
  at_s,
  out_after_s,
  requests_until_out,
  requests_after,
}: FailureResult): string {
  const out =
    out_after_s === null
      ? `still got requests at the end, never two seconds without: ${count(requests_until_out)}`
      : `last request ${out_after_s.toFixed(2)} s later; ${count(requests_until_out)} went there in that time, ${count(requests_after)} afterwards`;
  return `${what} of ${origin} at ${at_s} s: ${out}`;
}

function comeBack({ origin, at_s, first_after_s, full_after_s }: ReturnResult): string {
  const after = (seconds: number | null): string =>
    seconds === null ? "never" : `${seconds.toFixed(2)} s later`;
  return `return of ${origin} at ${at_s} s: first request ${after(first_after_s)}, 90% of its requests ${after(full_after_s)}`;
}

function deploy({ at_s, requests, refused, refused_before, mean_ms, longest_ms }: DeployResult): string {
  const answers = `in the 3 s after it ${percent(refused)} of ${count(requests)} were refused (before: ${percent(refused_before)})`;
  return `deploy at ${at_s} s: ${answers}; answers took ${mean_ms.toFixed(0)} ms, the longest ${longest_ms.toFixed(0)} ms`;
}

function events({ events: all }: Results): string {
  if (all.length === 0) return "";
  const rows = all
    .slice(0, MOST_EVENTS)
    .map(({ atMs, kind, origin, detail }) => [`${(atMs / 1_000).toFixed(2)} s`, origin ?? "", kind, detail]);
  const more = all.length > MOST_EVENTS ? `\n... and ${all.length - MOST_EVENTS} more` : "";
  return `${table(["the pool's events", "origin", "", ""], rows)}${more}`;
}

function queues({ measured, mean_time, models, utilisation, unmodelled }: QueueResult): string {
  if (unmodelled === "not for this algorithm") return "";
  if (unmodelled !== null) return `lines at the origins: no model to compare with, ${unmodelled}`;
  const columns = [measured, ...models.map(({ tails }) => tails)];
  // The line of d = 1 is only for comparison, and would be very long.
  const longest = Math.max(
    ...[measured, ...models.slice(1).map(({ tails }) => tails)].map((column) =>
      column.findLastIndex((share) => share >= LEAST_TAIL),
    ),
  );
  const rows = Array.from({ length: Math.min(longest, 12) }, (_, index) => [
    `at least ${index + 1}`,
    ...columns.map((column) => (column[index + 1] ?? 0).toFixed(4)),
  ]);
  rows.push([
    "mean time / service",
    mean_time.toFixed(3),
    ...models.map((model) => model.mean_time.toFixed(3)),
  ]);
  const title = `lines at the origins, ${percent(utilisation)} in use: share of origins with so many requests, beside the supermarket model`;
  return `${title}\n${table(["", "measured", ...models.map(({ name }) => name)], rows)}`;
}

function verdict({ promises, options, coordination }: Results): string {
  const limit = {
    true: "held",
    false: "BROKEN",
    null:
      options.outages.length > 0
        ? "not judged: with the object out of reach limits hold per isolate"
        : "none set",
  };
  const pace = {
    true: `kept (at or under ${MOST_CALLS_PER_SECOND}/s)`,
    false: `BROKEN (over ${MOST_CALLS_PER_SECOND}/s)`,
    null: coordination === "strict" ? "none: strict" : "not judged: all isolates came up at once",
  };
  const served = {
    true: "kept (under 2% refused more than before)",
    false: "BROKEN (2% or more refused more than before)",
    null: "not judged: no deploy, or more traffic than half of the limits",
  };
  const split = {
    true: "as intended (no farther off than random picks)",
    false: "OFF (farther off than random picks)",
    null: "not judged: limits, sessions, keys, load or an origin that was out decided too",
  };
  const word = (value: boolean | null): "true" | "false" | "null" => `${value}` as const;
  const lines = [
    `rate limits: ${limit[word(promises.limit)]}`,
    `object's pace: ${pace[word(promises.pace)]}`,
    `split: ${split[word(promises.split)]}`,
  ];
  if (options.deploysMs.length > 0) lines.push(`a new version serves: ${served[word(promises.deploy)]}`);
  return lines.join("\n");
}
