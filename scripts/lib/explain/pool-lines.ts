/**
 * Why an explained request goes to an origin of a pool, or to none, for people.
 * @module
 */
import type { ExclusionReason } from "../../../src/contract/explanation.ts";
import { age, count, countdown } from "../terminal/format.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import type { ExplainedPool } from "./answer.ts";

type Candidate = ExplainedPool["candidates"][number];

const REASONS: Readonly<Record<ExclusionReason, string>> = {
  disabled: "switched off (enabled: false)",
  drained: "drained",
  draining: "draining: only its sessions reach it",
  unhealthy: "unhealthy",
  ejected: "ejected, because too many requests failed there",
  at_max_connections: "at its max_connections",
  rate_limited: "at its rate_limit",
  zero_weight: "weight 0: only its sessions reach it",
  backup: "a backup, and others are eligible",
  no_binding: "without its binding",
};

const COOKIES = {
  absent: "none sent",
  valid: "valid",
  expired: "expired",
  unknown: "not one of this pool's",
} as const;

/** @param otherwise what comes if the pool cannot serve the request */
export function poolLines(
  explanation: ExplainedPool,
  otherwise: string,
  paint: Paint,
  nowMs: number,
): string[] {
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
    ...reasonLines(candidates, nowMs),
    pickLine(explanation, otherwise, paint),
  ];
}

/** What lies behind each verdict, and an empty line if there is anything. */
function reasonLines(candidates: readonly Candidate[], nowMs: number): string[] {
  const rows = candidates.flatMap(({ id, because }) =>
    because == null ? [] : [["", id, reasonText(because, nowMs)]],
  );
  return rows.length === 0 ? [] : [...table(rows, ["left", "left", "left"]), ""];
}

function reasonText({ detail, since, until, who }: NonNullable<Candidate["because"]>, nowMs: number): string {
  const parts = [
    ...(detail === null ? [] : [detail]),
    ...(who === null ? [] : [`by ${who}`]),
    ...(since === null ? [] : [`for ${age(nowMs - since)}`]),
    ...(until === null ? [] : [`for ${countdown(until - nowMs)} more`]),
  ];
  return parts.join(", ");
}

function row(candidate: Candidate, { pick, lease }: ExplainedPool, paint: Paint): string[] {
  const { id, kept, reason, weight, active_connections, rate_limit } = candidate;
  const isPicked = pick?.origin === id;
  const verdict = kept
    ? paint.green("eligible")
    : `${paint.red("left out")}: ${REASONS[reason as ExclusionReason] ?? reason}`;
  return [
    isPicked ? paint.green(">") : " ",
    isPicked ? paint.bold(id) : id,
    verdict,
    weightText(weight),
    `${active_connections}`,
    rate_limit === null ? "" : rateText(rate_limit, lease?.isolates ?? null),
  ];
}

/** @param isolates null: an older balancer does not tell */
function rateText({ limit, granted }: { limit: number; granted: number }, isolates: number | null): string {
  const held = isolates === null ? "" : ` to ${count(isolates, "isolate")}`;
  if (granted < limit || isolates === null) return `${limit}/s, ${granted} of it handed out${held}`;
  return `${limit}/s, all of it handed out${held}: who holds none passes it over`;
}

/** Slow start makes fractions. */
function weightText(weight: number): string {
  return Number.isInteger(weight) ? `${weight}` : weight.toFixed(2);
}

function affinityLine({ affinity }: ExplainedPool): string[] {
  if (affinity === null) return [];
  const { method, cookie, origin, exclusion_reason } = affinity;
  const state = cookie === null ? "" : `, cookie ${COOKIES[cookie]}`;
  const names = origin === null ? "" : `, names ${origin}`;
  const why =
    exclusion_reason === null
      ? ""
      : `, which is left out: ${REASONS[exclusion_reason as ExclusionReason] ?? exclusion_reason}`;
  return [`Session  by ${method}${state}${names}${why}`];
}

function hashLine({ hash_key }: ExplainedPool): string[] {
  if (hash_key === null) return [];
  return [
    `Hash     ${hash_key === "" ? "the request has no key, so round robin picks" : JSON.stringify(hash_key)}`,
  ];
}

function pickLine({ pick, algorithm }: ExplainedPool, otherwise: string, paint: Paint): string {
  if (pick === null) return paint.red(`No origin is eligible: ${otherwise}.`);
  const why = pick.reason === "affinity" ? "its session" : algorithm;
  const chance = pick.certain ? "" : paint.dim(" (now; the next such request may go elsewhere)");
  return `Goes to  ${paint.green(paint.bold(pick.origin))}, by ${why}${chance}`;
}

export function unknownLines({ unknown_here }: ExplainedPool, paint: Paint): string[] {
  if (unknown_here.length === 0) return [];
  return ["", paint.dim(`Not known to the pool's object: ${unknown_here.join("; ")}.`)];
}
