/**
 * Draws a run of routes as one SVG: for each route the requests by pool, and the calls to each object.
 * @module
 */
import { MOST_CALLS_PER_SECOND } from "../../../src/pool/leases/pacer.ts";
import type { ChartOptions } from "../chart.ts";
import { annotationsOf, drawing, mean, overTime, thinned } from "../picture.ts";
import type { RouteResult, RouteResults } from "./results.ts";

export function routePicture(results: RouteResults): string {
  const { rps, isolates, seconds, seed } = results.options;
  const number = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  const charts = results.routes.filter(({ pools }) => pools.length > 1);
  return drawing(
    {
      head: `${results.routes.length} routes, ${results.pools.length} pools`,
      subline: `${number(rps)} requests/s, ${number(isolates)} isolates, ${seconds} s, seed ${seed}`,
    },
    [...charts.map((route) => routeChart(route, results)), callChart(results)],
  );
}

function routeChart({ label, pools }: RouteResult, { options }: RouteResults): ChartOptions {
  return {
    title: `Requests by pool: ${label}`,
    unitX: "seconds",
    unitY: "requests per second",
    ...overTime(options.seconds),
    annotations: annotationsOf({ options }),
    series: pools.map(({ pool, per_second }) => ({ name: pool, values: thinned(per_second, mean) })),
  };
}

function callChart({ objects, options }: RouteResults): ChartOptions {
  return {
    title: "Calls to the objects",
    unitX: "seconds",
    unitY: "calls per second",
    ...overTime(options.seconds),
    annotations: annotationsOf({ options }),
    bound: { y: MOST_CALLS_PER_SECOND, text: `${MOST_CALLS_PER_SECOND}/s` },
    series: objects.map(({ object, calls_per_second }) => ({
      name: object,
      values: thinned(calls_per_second, mean),
    })),
  };
}
