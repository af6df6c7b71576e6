/**
 * What clients got that they should not have got, with its reasons.
 * @module
 */
import type { ClientFigures } from "../../../contract/stats.ts";
import { count, percent, plural, rate } from "./format.ts";
import type { LivePool } from "./live.ts";
import { onsetOf } from "./onset.ts";
import type { DashboardProblem, FindOnset } from "./problems.ts";
import { ENOUGH_PER_SECOND, MANY_ERRORS, SOME_ERRORS } from "./status.ts";

const CLIENTS = 3;
const HOSTS = 3;

/** The balancer's own answers of 500 and up, by the problem's type. */
export const UNSERVED: Readonly<Record<string, string>> = {
  no_origin_available: "no origin can take them",
  rate_limited: "every origin is at its rate limit",
  origin_failed: "the origins that were tried could not be reached",
  origin_timeout: "the origins that were tried did not answer in time",
  config_unavailable: "the configuration cannot be read",
  loop: "they come back to this balancer",
  internal: "the balancer itself failed",
};

/** @param pool null: all of them @returns null: clients get good answers */
export function clientProblem(
  clients: ClientFigures,
  pool: LivePool | null,
  find: FindOnset = onsetOf,
): DashboardProblem | null {
  const { requests, failed } = clients;
  const share = requests === 0 ? 0 : failed / requests;
  if (share <= SOME_ERRORS) return null;
  const reasons = reasonsOf(clients, pool);
  const name = pool?.pool ?? null;
  const ofSlice = (slice: { clients?: { requests: number; failed: number } }): number | null =>
    slice.clients === undefined || slice.clients.requests === 0
      ? null
      : slice.clients.failed / slice.clients.requests;
  return {
    tone: toneOf(share, clients.failed_per_second),
    pool: name,
    origin: null,
    text: `${percent(share)} of requests fail${reasons === "" ? "" : `: ${reasons}`}`,
    onset: name === null ? null : find(name, ofSlice, SOME_ERRORS),
    weight: CLIENTS + share,
  };
}

/** Requests that no pool handled, as a share of all. */
export function unroutedProblems(
  all: ClientFigures | null,
  unrouted: ClientFigures | null,
): DashboardProblem[] {
  if (all === null || unrouted === null || all.requests === 0) return [];
  const lost = unrouted.problems.no_route ?? 0;
  const share = lost / all.requests;
  const failing = unrouted.failed / all.requests;
  const found: DashboardProblem[] = [];
  if (share > SOME_ERRORS) {
    const text = `${percent(share)} of requests match no route (404, ${rate(lost / all.seconds)}/s)${hostsOf(unrouted)}`;
    found.push(unroutedProblem(text, share, lost / all.seconds));
  }
  if (failing > SOME_ERRORS) {
    const text = `${percent(failing)} of requests fail before any pool: ${reasonsOf(unrouted, null)}`;
    found.push(unroutedProblem(text, failing, unrouted.failed_per_second));
  }
  return found;
}

/** @param share of all requests @param perSecond how many they are */
function unroutedProblem(text: string, share: number, perSecond: number): DashboardProblem {
  const tone = toneOf(share, perSecond);
  return { tone, pool: null, origin: null, view: "routes", text, onset: null, weight: CLIENTS + share };
}

/** The hosts that were asked for, busiest first. */
export function hostsOf({ hosts }: ClientFigures): string {
  const asked = hosts.filter(({ key, requests }) => key !== "" && requests > 0);
  const names = asked.slice(0, HOSTS).map(({ key }) => key);
  if (names.length === 0) return "";
  const rest = asked.length - names.length;
  return `, asked for ${names.join(", ")}${rest > 0 ? ` and ${plural(rest, "other host")}` : ""}`;
}

function toneOf(share: number, perSecond: number): DashboardProblem["tone"] {
  return share >= MANY_ERRORS && perSecond >= ENOUGH_PER_SECOND ? "bad" : "warn";
}

/** Of the failed requests, why: the balancer's own answers by type, and what origins answered. Most first. */
function reasonsOf({ requests, failed, problems }: ClientFigures, pool: LivePool | null): string {
  const own = Object.entries(problems).flatMap(([type, number]): [string, number][] => {
    const text = UNSERVED[type];
    if (text === undefined || number === 0) return [];
    return [[type === "rate_limited" ? `${text}${limitsOf(pool)}` : text, number]];
  });
  const byOrigins = failed - own.reduce((sum, [, number]) => sum + number, 0);
  const all = byOrigins > 0 ? [...own, ["origins answer 500 to 599", byOrigins] as [string, number]] : own;
  const most = all.toSorted((a, b) => b[1] - a[1]);
  if (most.length === 1) return most[0]?.[0] ?? "";
  return most.map(([text, number]) => `${percent(number / requests)} because ${text}`).join(", ");
}

/** ` (5/s each)` */
function limitsOf(pool: LivePool | null): string {
  const limits = (pool?.origins ?? []).flatMap(({ id, rate_limit }) =>
    rate_limit === null ? [] : [{ id, limit: rate_limit.limit }],
  );
  const [first] = limits;
  if (first === undefined) return "";
  const isEqual = limits.every(({ limit }) => limit === first.limit);
  if (isEqual) return ` (${count(first.limit)}/s${limits.length > 1 ? " each" : ""})`;
  const named = limits.slice(0, HOSTS).map(({ id, limit }) => `${id} ${count(limit)}/s`);
  return ` (${named.join(", ")}${limits.length > HOSTS ? ", …" : ""})`;
}
