/**
 * How one of a route's pools was chosen, for people.
 * @module
 */
import { arrivalText, POLICY_WORDS } from "../../../src/contract/steering-words.ts";
import { percent } from "../terminal/format.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import type { Steering } from "./answer.ts";

type Pool = Steering["order"][number];

/**
 * ```text
 * Steering the nearest first; the client falls at 42%
 *          ap    312 km  takes 100%  available
 *          eu  9,381 km  takes 0%    not available: 1 of 2 origins
 *          It goes to ap: it is the first of the order. Then comes us.
 * ```
 */
export function steeringLines(steering: Steering, paint: Paint): string[] {
  const { policy, order, point, chosen, arrival, next } = steering;
  const falls =
    point === null
      ? "chance decides where it falls, as no --client-ip is given"
      : `the client falls at ${percent(point, 1)}`;
  const rows = order.map((each) => row(each, chosen, paint));
  const then = next === null ? "" : ` Then comes ${next}.`;
  const why = arrivalText(arrival);
  return [
    `Steering ${POLICY_WORDS[policy]}; ${falls}`,
    ...table(rows, ["left", "left", "right", "left", "left"]),
    `         It goes to ${paint.bold(chosen)}: ${why}.${then}`,
  ];
}

function row({ pool, distance_km, available, load, reason }: Pool, chosen: string, paint: Paint): string[] {
  const distance = distance_km === null ? "" : `${distance_km.toLocaleString("en-US")} km`;
  const standing = available ? paint.green("available") : paint.red("not available");
  const why = reason === null || reason === "not available" ? "" : `: ${reason}`;
  const name = pool === chosen ? paint.bold(pool) : pool;
  return ["       ", name, distance, `takes ${percent(load)}`, `${standing}${why}`];
}
