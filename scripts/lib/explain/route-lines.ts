/**
 * Which route an explained request matches, and which it passes, for people.
 * @module
 */
import { maskSecrets } from "../../../src/config/secrets.ts";
import type { SplitChoice } from "../../../src/contract/explanation.ts";
import { count } from "../terminal/format.ts";
import type { Paint } from "../terminal/paint.ts";
import type { ExplainAnswer, ExplainedRoute } from "./answer.ts";

/** `Client   JP, region neas, at 35.7, 139.7`; nothing if nothing is known of where it is. */
export function clientLine({ client }: ExplainAnswer, paint: Paint): string[] {
  if (client === undefined) return [];
  const { country, subdivision, region, coordinates, colo } = client;
  const parts = [
    ...(country === "XX" ? [] : [subdivision ?? (country === "T1" ? "Tor" : country)]),
    ...(region === null ? [] : [`region ${region}`]),
    ...(coordinates === null ? [] : [`at ${coordinates.latitude}, ${coordinates.longitude}`]),
    ...(colo === null ? [] : [`by data centre ${colo}`]),
  ];
  return parts.length === 0 ? [] : [paint.dim(`Client   ${parts.join(", ")}`)];
}

/** More would hide the rest; the nearest are those that were expected to match. */
const MOST_PASSED = 5;

export function passedLines({ passed = [] }: ExplainAnswer, paint: Paint): string[] {
  const shown = passed.slice(-MOST_PASSED);
  const hidden = passed.length - shown.length;
  return [
    ...(hidden === 0 ? [] : [`Passed   ${count(hidden, "other")} before these`]),
    ...shown.map(({ index, label, by, condition }) => {
      const what = condition === undefined ? by : `condition ${condition}`;
      return `Passed   ${index + 1}  ${label}: its ${what} does not match`;
    }),
  ].map(paint.dim);
}

/** `Split    web 95%, canary 5%: 203.0.113.7 falls at 97.1%, which is canary's` */
export function splitLine({ client, point, shares }: SplitChoice, pool: string): string {
  const parts = shares.map(({ pool, from, to }) => `${pool} ${rounded(to - from)}%`);
  const who = client === "" ? "a client without an address (see --client-ip)" : client;
  return `Split    ${parts.join(", ")}: ${who} falls at ${rounded(point)}%, which is ${pool}'s`;
}

function rounded(percent: number): string {
  return `${Number(percent.toFixed(2))}`;
}

export function routeLine({ index, route }: ExplainedRoute): string {
  if (index < 0) return "Route    there are none: the only pool takes everything";
  return `Route    ${index + 1}  ${JSON.stringify(maskSecrets("", route), withoutNull)}`;
}

/** The API fills in what a route does not say. */
function withoutNull(_key: string, value: unknown): unknown {
  return value ?? undefined;
}
