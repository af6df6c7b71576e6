/**
 * An explanation of the admin API, for people.
 * @module
 */
import type { Paint } from "../terminal/paint.ts";
import { type ExplainAnswer, type ExplainedPool, furtherPools, type PoolAnswer } from "./answer.ts";
import { poolLines, unknownLines } from "./pool-lines.ts";
import { clientLine, passedLines, routeLine, splitLine } from "./route-lines.ts";
import { steeringLines } from "./steering-lines.ts";

/** The request that is explained. */
export interface ExplainedRequest {
  readonly url: string;
  readonly method: string;
  /** Empty: unknown. */
  readonly client_ip: string;
}

/** What to print of `answer` to `request`. @param nowMs ms since the epoch */
export function explanationLines(
  { method, url, client_ip }: ExplainedRequest,
  answer: ExplainAnswer,
  paint: Paint,
  nowMs: number,
): string[] {
  const client = client_ip === "" ? "" : paint.dim(`  from ${client_ip}`);
  return [
    `${paint.bold(`${method} ${url}`)}${client}`,
    ...clientLine(answer, paint),
    "",
    ...passedLines(answer, paint),
    ...outcomeLines(answer, paint, nowMs),
  ];
}

function outcomeLines(answer: ExplainAnswer, paint: Paint, nowMs: number): string[] {
  if (answer.route === null) return [paint.red(`No route matches: ${refusalOf(answer)}.`)];
  const matched = routeLine(answer.route);
  if (answer.pool !== null) return [matched, ...servedLines(answer, paint, nowMs)];
  return [matched, paint.green(`Its route answers by itself: ${answer.answer?.status ?? ""}`)];
}

function servedLines(answer: PoolAnswer, paint: Paint, nowMs: number): string[] {
  const { route, steering } = answer;
  const pools = [answer, ...furtherPools(answer)];
  return [
    ...(route.sent_path == null ? [] : [`Path     origins see ${route.sent_path}`]),
    ...(route.split == null ? [] : [splitLine(route.split, answer.pool)]),
    ...(steering == null ? [] : steeringLines(steering, paint)),
    ...pools.flatMap((pool, index) => [
      ...(index === 0 ? [] : [""]),
      ...poolLines(pool, otherwise(answer, pools[index + 1]), paint, nowMs),
    ]),
    ...unknownLines(pools.at(-1) ?? answer, paint),
  ];
}

/** What comes if a pool cannot serve the request. @param next the pool after it; absent: it is the last */
function otherwise(answer: PoolAnswer, next: ExplainedPool | undefined): string {
  if (next === undefined) return refusalOf(answer);
  const { route, steering } = answer;
  const isFallback = steering == null || next.pool === route.fallback_pool;
  return isFallback ? "the route's fallback_pool is next" : `${next.pool} is next`;
}

/** What the client gets if nothing serves the request. */
function refusalOf({ route, answer }: ExplainAnswer): string {
  const { status = route === null ? 404 : 503, type = "" } = answer ?? {};
  return `the balancer answers ${status}${type === "" ? "" : ` ${type}`}`;
}
