/**
 * A route's changes to requests and answers, compiled once per change.
 * @module
 */
import { compileText, type Fill, HEADER_PLACEHOLDERS, LOCATION_PLACEHOLDERS } from "./placeholders.ts";
import { atSameHost } from "./request-path.ts";
import type { RewriteConfig } from "./rewrite.ts";
import type { RouteConfig } from "./schema.ts";

type Text = (fill: Fill) => string;

export interface HeaderRules {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: Text])[];
  readonly add: readonly (readonly [name: string, value: Text])[];
}

export interface FixedAnswer {
  readonly status: number;
  /** Null: it has none, like its headers. */
  readonly body: string | null;
  /** Without placeholders. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly rules: HeaderRules | null;
  /** Of a redirect. */
  readonly location: Text | null;
}

export interface RouteTools {
  /** Null: requests go to an origin. */
  readonly answer: FixedAnswer | null;
  readonly requestHeaders: HeaderRules | null;
  readonly responseHeaders: HeaderRules | null;
  readonly rewrite: RewriteConfig | null;
  readonly unavailable: FixedAnswer | null;
}

/** Null: the route has none of them, and no work is done per request. */
export function compileTools(route: RouteConfig): RouteTools | null {
  const tools = {
    answer: route.redirect === null ? fixedAnswer(route.respond) : redirectAnswer(route.redirect),
    requestHeaders: headerRules(route.request_headers),
    responseHeaders: headerRules(route.response_headers),
    rewrite: route.rewrite,
    unavailable: fixedAnswer(route.unavailable),
  };
  return Object.values(tools).every((tool) => tool === null) ? null : tools;
}

function headerRules(rules: RouteConfig["request_headers"]): HeaderRules | null {
  if (rules === null) return null;
  return { remove: rules.remove ?? [], set: texts(rules.set), add: texts(rules.add) };
}

function texts(map: Readonly<Record<string, string>> | null): HeaderRules["set"] {
  return Object.entries(map ?? {}).map(([name, value]) => [name, compileText(value, HEADER_PLACEHOLDERS)]);
}

function fixedAnswer(config: RouteConfig["respond"]): FixedAnswer | null {
  if (config === null) return null;
  const { status, content_type, headers, body, retry_after } = config;
  const type = content_type ?? (body === "" ? null : "text/plain; charset=utf-8");
  return {
    status,
    body: body === "" ? null : body,
    headers: [
      // The answer depends on the client, so no cache may keep it unless the route says so.
      ["cache-control", "no-store"],
      ...(type === null ? [] : [["content-type", type] as const]),
      ...(retry_after === null ? [] : [["retry-after", `${Math.ceil(retry_after)}`] as const]),
    ],
    rules: headers === null ? null : { remove: [], set: texts(headers), add: [] },
    location: null,
  };
}

function redirectAnswer({ status, location }: NonNullable<RouteConfig["redirect"]>): FixedAnswer {
  return {
    status,
    body: null,
    headers: [],
    rules: null,
    location: compileText(location, LOCATION_PLACEHOLDERS),
  };
}

/** The location of a redirect. What a client sends must not become another host. */
export function locationOf(location: Text, fill: Fill): string {
  return atSameHost(location(fill));
}
