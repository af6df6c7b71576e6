/**
 * What of two answers differs for a client.
 * @module
 */
import type { Answer, Outcome } from "./exchange.ts";
import type { ComparedRequest } from "./request.ts";

/** Headers that mean something to clients and do not change from one answer to the next. */
const HEADERS = ["allow", "www-authenticate", "strict-transport-security", "access-control-allow-origin"];
/** The same, about the body. */
const CONTENT_HEADERS = ["content-type", "content-encoding", "content-language", "cache-control", "vary"];
/** Headers by which origins are usually told apart. */
const ORIGIN_HEADERS = ["x-served-by", "x-backend", "x-backend-server", "x-upstream", "x-origin", "x-server"];
/** From this status on a balancer writes texts of its own, which no client goes by. */
const FIRST_OWN = 300;

export interface CompareRules {
  /** More headers to compare, in lower case. */
  readonly headers: readonly string[];
  /** The header that names the origin, in lower case; null: one of the usual ones, if both answers have it. */
  readonly originHeader: string | null;
  /** Names of what is not compared: `body`, `origin`, or a header. */
  readonly ignore: readonly string[];
}

export interface Side {
  readonly base: URL;
  /** Of the same request, sent several times. */
  readonly outcomes: readonly Outcome[];
}

export interface Difference {
  readonly what: string;
  readonly there: string;
  readonly here: string;
}

/** What differs. The values of repeated requests are compared as sets, since origins take turns. */
export function differences(
  request: ComparedRequest,
  there: Side,
  here: Side,
  rules: CompareRules,
): Difference[] {
  const old = there.outcomes.map((outcome) => aspects(request, outcome, there.base, rules));
  const now = here.outcomes.map((outcome) => aspects(request, outcome, here.base, rules));
  const names = new Set([...old, ...now].flatMap((found) => Object.keys(found)));
  const found = [...names].flatMap((what): Difference[] => {
    const [left, right] = [valuesOf(old, what), valuesOf(now, what)];
    const isUnknown = what === "origin" && rules.originHeader === null && (left === "" || right === "");
    if (left === right || isUnknown || rules.ignore.includes(what)) return [];
    return [{ what, there: left || "none", here: right || "none" }];
  });
  // Beside another status the rest differs because of it.
  const status = found.filter(({ what }) => what === "status" || what === "location");
  return status.some(({ what }) => what === "status") ? status : found;
}

function valuesOf(answers: readonly Record<string, string>[], what: string): string {
  return [...new Set(answers.flatMap((answer) => answer[what] ?? []))].sort().join(" | ");
}

function aspects(
  request: ComparedRequest,
  outcome: Outcome,
  base: URL,
  { headers, originHeader }: CompareRules,
): Record<string, string> {
  if (typeof outcome === "string") return { status: outcome };
  const found: Record<string, string> = { status: String(outcome.status) };
  const { location } = outcome.headers;
  if (location !== undefined) found.location = resolved(location, request, base);
  const origin = first(outcome, originHeader === null ? ORIGIN_HEADERS : [originHeader]);
  if (origin !== null) found.origin = origin;
  const hasContent = outcome.status < FIRST_OWN;
  for (const name of [...HEADERS, ...headers, ...(hasContent ? CONTENT_HEADERS : [])]) {
    const value = first(outcome, [name]);
    if (value !== null) found[name] = value;
  }
  if (hasContent) found.body = `SHA-256 ${outcome.bodyHash.slice(0, 16)}`;
  return found;
}

function first({ headers }: Answer, names: readonly string[]): string | null {
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) return String(value);
  }
  return null;
}

/** A redirect within the host is shown as a path: some write the host and their port, others do not. */
function resolved(location: string, { host, target }: ComparedRequest, base: URL): string {
  const asked = new URL(`${base.protocol}//${host}`);
  if (!URL.canParse(location, `${asked.origin}${target}`)) return location;
  const to = new URL(location, `${asked.origin}${target}`);
  const isOwn = to.protocol === base.protocol && to.hostname === asked.hostname;
  return isOwn && [asked.port, base.port].includes(to.port) ? to.pathname + to.search + to.hash : to.href;
}
