/**
 * Draws a run as one SVG with several charts below each other.
 * @module
 */

import { MOST_CALLS_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import { type FailureResult, leaving, returning } from "./absences.ts";
import { type Annotation, type ChartOptions, chart, escaped, MOST_SERIES, STYLE, WIDTH } from "./chart.ts";
import { ANSWERS, CALL_KINDS } from "./recorder.ts";
import type { OriginResult, Results } from "./results.ts";

const HEAD_HEIGHT = 64;
/** Number of values that fit into a chart. A longer run is drawn as means over several seconds. */
const MOST_POINTS = 300;

const CALLS: Readonly<Record<(typeof CALL_KINDS)[number], string>> = {
  paced: "when told to",
  early: "early",
  first: "cold",
  rested: "after a rest",
  tokens: "for tokens",
  picks: "strict picks",
  watches: "for verdicts",
};
const REFUSALS: Readonly<Record<string, string>> = {
  rate_limited: "503 rate_limited",
  no_origin: "503 no_origin_available",
  origin_failed: "502, 504",
  lost: "gone with their isolate",
};

export function picture(results: Results): string {
  const charts = [
    splitChart(results),
    limitChart(results),
    callChart(results),
    answerChart(results),
    queueChart(results),
  ];
  return drawing({ head: headline(results), subline: subline(results) }, charts);
}

/** Charts below each other. @param charts null: there is nothing to draw */
export function drawing(
  { head, subline }: { readonly head: string; readonly subline: string },
  charts: readonly (ChartOptions | null)[],
): string {
  let top = HEAD_HEIGHT;
  const drawn = charts.flatMap((options) => {
    if (options === null) return [];
    const { svg, height } = chart(options, top);
    top += height;
    return [svg];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">`,
    `<title>${escaped(head)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${top}"/>`,
    `<text class="head" x="64" y="28">${escaped(head)}</text>`,
    `<text class="muted" x="64" y="47">${escaped(subline)}</text>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function headline({ pool, algorithm, coordination }: Results): string {
  return `Pool ${pool}: ${algorithm}, ${coordination}`;
}

function subline({ options, offered, calls_mean }: Results): string {
  const { rps, isolates, regions, seconds, seed } = options;
  const number = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return [
    `${number(rps)} requests/s, ${number(isolates)} isolates in ${number(regions)} regions, ${seconds} s, seed ${seed}`,
    `${number(offered)} requests, ${number(calls_mean)} object calls/s`,
  ].join(" · ");
}

function splitChart(results: Results): ChartOptions {
  const { origins, options } = results;
  const more = origins.length > MOST_SERIES ? `, the ${MOST_SERIES} busiest of ${origins.length}` : "";
  return {
    title: `Requests by origin${more}; dashed: expected`,
    unitX: "seconds",
    unitY: "requests per second",
    ...overTime(options.seconds),
    annotations: annotationsOf(results),
    series: busiest(origins).map(({ id, per_second, expected_per_second }) => ({
      name: id,
      values: thinned(per_second, mean),
      expected: thinned(expected_per_second, mean),
    })),
  };
}

function limitChart(results: Results): ChartOptions | null {
  const limited = results.origins.filter(({ limit }) => limit !== null);
  if (limited.length === 0) return null;
  return {
    title: "Rate limits: the fullest window of one second, sliding, over all isolates",
    unitX: "seconds",
    unitY: "percent of the limit",
    ...overTime(results.options.seconds),
    annotations: annotationsOf(results),
    bound: { y: 100, text: "limit" },
    series: busiest(limited).map(({ id, limit, worst_per_second }) => ({
      name: limit === null ? id : `${id} (${limit}/s)`,
      values: thinned(worst_per_second, most).map((value) => (100 * value) / (limit ?? 1)),
    })),
  };
}

function callChart(results: Results): ChartOptions {
  const kinds = CALL_KINDS.filter((kind) => results.calls[kind] > 0);
  return {
    title: "Calls to the pool's object, by reason",
    unitX: "seconds",
    unitY: "calls per second",
    isStacked: true,
    lastX: results.options.seconds,
    annotations: annotationsOf(results),
    ...(results.coordination === "strict"
      ? {}
      : { bound: { y: MOST_CALLS_PER_SECOND, text: `${MOST_CALLS_PER_SECOND}/s` } }),
    series: kinds.map((kind) => ({ name: CALLS[kind], values: results.calls_per_second[kind] })),
  };
}

function answerChart(results: Results): ChartOptions | null {
  const kinds = ANSWERS.filter((kind) => kind in REFUSALS && results.answers[kind] > 0);
  if (kinds.length === 0) return null;
  return {
    title: "Requests that got no origin's answer",
    unitX: "seconds",
    unitY: "per second",
    isStacked: true,
    lastX: results.options.seconds,
    annotations: annotationsOf(results),
    series: kinds.map((kind) => ({ name: REFUSALS[kind] ?? kind, values: results.answers_per_second[kind] })),
  };
}

function queueChart({ queue }: Results): ChartOptions | null {
  if (queue.models.length === 0) return null;
  return {
    title: `Lines at the origins, ${(100 * queue.utilisation).toFixed(1)}% in use, beside the supermarket model`,
    unitX: "requests at an origin, waiting or served (at least)",
    unitY: "share of the time",
    isLogarithmic: true,
    lastX: Math.min(20, Math.max(4, queue.measured.findLastIndex((share) => share >= 1e-4) + 2)),
    series: [
      { name: "measured", values: queue.measured.slice(0, 21) },
      ...queue.models.map(({ name, tails }) => ({ name, values: tails.slice(0, 21) })),
    ],
  };
}

function busiest(origins: readonly OriginResult[]): readonly OriginResult[] {
  if (origins.length <= MOST_SERIES) return origins;
  return [...origins].sort((a, b) => b.requests - a.requests).slice(0, MOST_SERIES);
}

const LEAVES: Readonly<Record<FailureResult["what"], (origin: string) => string>> = {
  failure: (origin) => `${origin} fails`,
  disabling: (origin) => `${origin} is disabled`,
  drain: (origin) => `${origin} is drained`,
};

export function annotationsOf({ options }: Pick<Results, "options">): Annotation[] {
  const { bursts, outages, restartsMs, deploysMs } = options;
  return [
    ...leaving(options).map(({ what, origin, atMs }) => ({ x: atMs / 1_000, text: LEAVES[what](origin) })),
    ...returning(options).map(({ origin, atMs }) => ({ x: atMs / 1_000, text: `${origin} is back` })),
    ...bursts.map(({ fromMs, factor }) => ({ x: fromMs / 1_000, text: `requests x ${factor}` })),
    ...outages.map(({ fromMs, toMs }) => ({
      x: fromMs / 1_000,
      text: `object gone for ${(toMs - fromMs) / 1_000} s`,
    })),
    ...restartsMs.map((atMs) => ({ x: atMs / 1_000, text: "object restarts" })),
    ...deploysMs.map((atMs) => ({ x: atMs / 1_000, text: "new version" })),
  ];
}

/** A value per second, or per several seconds if there are too many to draw, each in the middle of its time. */
export function overTime(seconds: number): Pick<ChartOptions, "lastX" | "stepX" | "offsetX"> {
  const stepX = step(seconds);
  return { lastX: seconds, stepX, offsetX: stepX / 2 };
}

function step(seconds: number): number {
  return Math.ceil(seconds / MOST_POINTS);
}

export function thinned(values: readonly number[], by: (values: readonly number[]) => number): number[] {
  const length = step(values.length);
  const points = Math.ceil(values.length / length);
  return Array.from({ length: points }, (_, i) => by(values.slice(i * length, (i + 1) * length)));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function most(values: readonly number[]): number {
  return Math.max(0, ...values);
}
