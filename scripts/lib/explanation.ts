/**
 * An explanation of the admin API, for people.
 * @module
 */
import * as z from "zod";
import { explanationSchema } from "../../src/admin/answers.ts";
import type { LeftOut } from "../../src/contract/admin.ts";
import type { Paint } from "./terminal/paint.ts";
import { table } from "./terminal/table.ts";

export const explainAnswerSchema = z.union([
  explanationSchema.extend({
    route: z.object({ index: z.number(), route: z.unknown(), fallback_pool: z.string().nullable() }),
    fallback: explanationSchema.nullable(),
  }),
  z.object({ route: z.null(), pool: z.null() }),
]);

/** What `POST /_lb/explain` answers. */
export type ExplainAnswer = z.output<typeof explainAnswerSchema>;

type Explanation = z.output<typeof explanationSchema>;
type Candidate = Explanation["candidates"][number];

/** The request that is explained. */
export interface ExplainedRequest {
  readonly url: string;
  readonly method: string;
  /** Empty: unknown. */
  readonly client_ip: string;
}

const REASONS: Readonly<Record<LeftOut, string>> = {
  disabled: "switched off (enabled: false)",
  drained: "drained",
  draining: "draining: only its sessions reach it",
  unhealthy: "unhealthy",
  ejected: "ejected, because too many requests failed there",
  at_max_connections: "at its max_connections",
  rate_limited: "at its rate_limit",
  zero_weight: "weight 0: only its sessions reach it",
  backup: "a backup, and others are eligible",
};

const COOKIES = {
  absent: "none sent",
  valid: "valid",
  expired: "expired",
  unknown: "not one of this pool's",
} as const;

/** What to print of `answer` to `request`. */
export function explanationLines(
  { method, url, client_ip }: ExplainedRequest,
  answer: ExplainAnswer,
  paint: Paint,
): string[] {
  const client = client_ip === "" ? "" : paint.dim(`  from ${client_ip}`);
  const head = `${paint.bold(`${method} ${url}`)}${client}`;
  if (answer.route === null) return [head, "", paint.red("No route matches: the balancer answers 404.")];
  const { index, route } = answer.route;
  const matched =
    index < 0
      ? "there are none: the only pool takes everything"
      : `${index + 1}  ${JSON.stringify(route, withoutNull)}`;
  const { fallback } = answer;
  const otherwise = fallback === null ? "the balancer answers 503" : "the route's fallback_pool is next";
  return [
    head,
    "",
    `Route    ${matched}`,
    ...poolLines(answer, otherwise, paint),
    ...(fallback === null ? [] : ["", ...poolLines(fallback, "the balancer answers 503", paint)]),
    ...unknown(fallback ?? answer, paint),
  ];
}

/** The API fills in what a route does not say. */
function withoutNull(_key: string, value: unknown): unknown {
  return value ?? undefined;
}

/** @param otherwise what comes if the pool cannot serve the request */
function poolLines(explanation: Explanation, otherwise: string, paint: Paint): string[] {
  const { pool, configured, algorithm, coordination, panic, candidates } = explanation;
  const name = `Pool     ${paint.bold(pool)}`;
  if (!configured) return [name, "", paint.red(`It has no usable configuration: ${otherwise}.`)];
  const way = coordination === "strict" ? ", picked by the pool's object (strict)" : "";
  const head = ["", "ORIGIN", "", "WEIGHT", "ACTIVE", "RATE LIMIT"].map((title) => paint.dim(title));
  const rows = candidates.map((candidate) => row(candidate, explanation, paint));
  return [
    `${name}  ${algorithm}${way}`,
    ...affinityLine(explanation),
    ...hashLine(explanation),
    ...(panic ? [paint.yellow("Panic    too few origins are healthy, so unhealthy ones are used too")] : []),
    "",
    ...table([head, ...rows], ["left", "left", "left", "right", "right", "left"]),
    "",
    pickLine(explanation, otherwise, paint),
  ];
}

function row(candidate: Candidate, { pick }: Explanation, paint: Paint): string[] {
  const { id, kept, reason, weight, active_connections, rate_limit } = candidate;
  const isPicked = pick?.origin === id;
  const verdict = kept
    ? paint.green("eligible")
    : `${paint.red("left out")}: ${REASONS[reason as LeftOut] ?? reason}`;
  return [
    isPicked ? paint.green(">") : " ",
    isPicked ? paint.bold(id) : id,
    verdict,
    weightText(weight),
    `${active_connections}`,
    rate_limit === null ? "" : `${rate_limit.limit}/s, ${rate_limit.granted} of it handed out`,
  ];
}

/** Slow start makes fractions. */
function weightText(weight: number): string {
  return Number.isInteger(weight) ? `${weight}` : weight.toFixed(2);
}

function affinityLine({ affinity }: Explanation): string[] {
  if (affinity === null) return [];
  const { method, cookie, origin, left_out } = affinity;
  const state = cookie === null ? "" : `, cookie ${COOKIES[cookie]}`;
  const names = origin === null ? "" : `, names ${origin}`;
  const why = left_out === null ? "" : `, which is left out: ${REASONS[left_out as LeftOut] ?? left_out}`;
  return [`Session  by ${method}${state}${names}${why}`];
}

function hashLine({ hash_key }: Explanation): string[] {
  if (hash_key === null) return [];
  return [
    `Hash     ${hash_key === "" ? "the request has no key, so round robin picks" : JSON.stringify(hash_key)}`,
  ];
}

function pickLine({ pick, algorithm }: Explanation, otherwise: string, paint: Paint): string {
  if (pick === null) return paint.red(`No origin is eligible: ${otherwise}.`);
  const why = pick.reason === "affinity" ? "its session" : algorithm;
  const chance = pick.certain ? "" : paint.dim(" (now; the next such request may go elsewhere)");
  return `Goes to  ${paint.green(paint.bold(pick.origin))}, by ${why}${chance}`;
}

function unknown({ unknown_here }: Explanation, paint: Paint): string[] {
  if (unknown_here.length === 0) return [];
  return ["", paint.dim(`Not known to the pool's object: ${unknown_here.join("; ")}.`)];
}
