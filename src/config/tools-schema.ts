/**
 * The schema of a route's changes to requests and answers: fixed answers, redirects, headers, paths.
 * @module
 */
import * as z from "zod";
import { flag, list, number, object, text, textThat, unmasked } from "./fields.ts";
import { HEADER_PLACEHOLDERS, hasOnly, LOCATION_PLACEHOLDERS } from "./placeholders.ts";
import { resolvePath } from "./request-path.ts";

const MAX_HEADERS = 50;
const MOST_BODY_BYTES = 16_384;

/** Headers that concern one connection, are part of the message itself, or belong to this program or Cloudflare. */
const REFUSED =
  /^(?:connection|keep-alive|proxy-authenticate|proxy-authorization|proxy-connection|te|trailer|transfer-encoding|upgrade|host|content-length|content-encoding|x-lb-via|cf-.*)$/;
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const NAME_RULE =
  "must be a header's name in lower case, and none that is between two machines, part of the message itself (host, content-length, content-encoding), x-lb-via, or cf-*";
const headerName = textThat((name) => NAME.test(name) && !REFUSED.test(name), NAME_RULE);
/** Whether a request may be sent twice is decided by the client's own key, and the origin must see the same. */
const requestHeaderName = headerName.refine((name) => name !== "idempotency-key", {
  error: "must not be idempotency-key: the client's own decides whether a request is sent twice",
});

const VALUE_RULE = `must be a text of at most 4096 printable ASCII characters, with no braces but {{, }} and ${HEADER_PLACEHOLDERS.map((name) => `{${name}}`).join(" ")}`;
const headerValue = unmasked(
  textThat((value) => /^[ -~]{0,4096}$/.test(value) && hasOnly(value, HEADER_PLACEHOLDERS), VALUE_RULE),
);

/** A Location whose host is the client's path, which may be `//` and a name. */
const CLIENTS_HOST = /^(?:https?:\/\/|\/)?\{path\}/i;
const LEADS_AWAY =
  "must not begin with {path}, which a client can make another host: redirect takes care of that";

function headerMap(name: z.ZodType<string, string>, means: string) {
  return z
    .record(name, headerValue, { error: "must be an object of texts by header name" })
    .refine((map) => Object.keys(map).length <= MAX_HEADERS, `must have at most ${MAX_HEADERS} names`)
    .refine((map) => !CLIENTS_HOST.test(map.location ?? ""), { error: LEADS_AWAY, path: ["location"] })
    .nullable()
    .default(null)
    .describe(means);
}

function headerRules(name: z.ZodType<string, string>) {
  return object({
    set: headerMap(name, "Replaces the header, or adds it. A value that comes out empty removes it."),
    add: headerMap(name, "Adds a line to the header. A value that comes out empty adds nothing."),
    remove: list(name, 0, MAX_HEADERS)
      .nullable()
      .default(null)
      .describe("Takes the header away. Comes first."),
  });
}

const requestHeadersSchema = headerRules(requestHeaderName);

const SESSION_COOKIE = /^\s*__lb\s*=/i;
const responseHeadersSchema = headerRules(headerName).superRefine(({ set, add }, context) => {
  for (const [field, map] of Object.entries({ set, add })) {
    if (!SESSION_COOKIE.test(map?.["set-cookie"] ?? "")) continue;
    const message = "must not be the session cookie __lb, which this balancer gives out";
    context.addIssue({ code: "custom", path: [field, "set-cookie"], message });
  }
});

const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
const STATUS_RULE = "must be a whole number from 200 to 599";

function answer(status: number) {
  return object({
    status: z
      .int({ error: STATUS_RULE })
      .min(200, STATUS_RULE)
      .max(599, STATUS_RULE)
      .default(status)
      .describe("Status of the answer."),
    content_type: text(/^[ -~]{1,256}$/, 'must be a media type, such as "text/html; charset=utf-8"')
      .nullable()
      .default(null)
      .describe("Content-Type. Absent: `text/plain; charset=utf-8`, if there is a body."),
    headers: headerMap(headerName, "Further headers. Placeholders as in `response_headers`."),
    body: z
      .string({ error: "must be a text" })
      .refine((body) => new TextEncoder().encode(body).length <= MOST_BODY_BYTES, {
        error: `must have at most ${MOST_BODY_BYTES} bytes`,
      })
      .default("")
      .describe("The body, at most 16 KB, as it is: no placeholders."),
    retry_after: number(0, 604_800).nullable().default(null).describe("Retry-After, in seconds."),
  }).superRefine(({ status: found, body }, context) => {
    if (!NO_BODY.has(found) || body === "") return;
    context.addIssue({
      code: "custom",
      path: ["body"],
      message: `must be empty: an answer with status ${found} has none`,
    });
  });
}

const respondSchema = answer(200);
const unavailableSchema = answer(503);

const LOCATION_RULE =
  'must be a http or https URL, a path such as "/new", or begin with {path} or {target}; printable ASCII without blanks, with no braces but {{, }} and {host} {path} {target} {query}; of these only {host} may stand in a URL before its path, and none but {host} right behind the first slash of a path';

/** Whatever a client fills in, it stays at the host: what stands before the path, or at its front, is the operator's. */
const STAYS_AT_HOST =
  /^(?:\/(?![/\\]|\{(?:path|target|query)\})|\{(?:path|target)\}|https?:\/\/(?:[^/?#\\{}@]|\{host\})+(?:$|[/?#]|\{(?:path|target)\}))/;

function isLocation(location: string): boolean {
  if (!/^[!-~]{1,2048}$/.test(location) || !hasOnly(location, LOCATION_PLACEHOLDERS)) return false;
  const filled = location
    .replace(/\{host\}/g, "a.example")
    .replace(/\{(?:path|target)\}/g, "/a")
    .replace(/\{query\}/g, "a");
  return STAYS_AT_HOST.test(location) && URL.canParse(filled, "https://a.example");
}

const REDIRECTS = [301, 302, 303, 307, 308] as const;

const redirectSchema = object({
  status: z
    .union(
      REDIRECTS.map((status) => z.literal(status)),
      { error: "must be 301, 302, 303, 307 or 308" },
    )
    .default(302)
    .describe("301 and 308 are kept by browsers; 307 and 308 keep the method."),
  location: textThat(isLocation, LOCATION_RULE).describe(
    "The address to send the client to. `{host}` is the request's host without a port, `{path}` its path, `{query}` its query without `?`, `{target}` path and query.",
  ),
});

const PREFIX_RULE =
  'must be a path such as "/v1", without a slash at its end, without query, other characters percent-encoded';
const isPath = (path: string): boolean =>
  /^\/[!$-)+-;=@-~]{0,1023}$/.test(path) && resolvePath(path) === path && !path.startsWith("//");
const prefix = textThat((path) => isPath(path) && !path.endsWith("/"), PREFIX_RULE);

const rewriteSchema = object({
  strip_prefix: prefix
    .nullable()
    .default(null)
    .describe(
      "Taken from the front of the path, in whole segments: `/v1` from `/v1` and `/v1/x`, not from `/v10`.",
    ),
  add_prefix: prefix.nullable().default(null).describe("Put in front of the path, after `strip_prefix`."),
  replace: textThat(isPath, 'must be a path such as "/index.html", without query')
    .nullable()
    .default(null)
    .describe("Stands for the whole path. Not with the other two."),
  rewrite_location: flag()
    .default(false)
    .describe("Undo it in the Location of redirects that lead to the same host."),
}).superRefine(({ strip_prefix, add_prefix, replace, rewrite_location }, context) => {
  const hasPrefix = strip_prefix !== null || add_prefix !== null;
  const say = (message: string, path: string[] = []): void =>
    context.addIssue({ code: "custom", path, message });
  if (replace !== null && hasPrefix) say("must not stand beside strip_prefix or add_prefix", ["replace"]);
  else if (replace === null && !hasPrefix) say("must have strip_prefix, add_prefix or replace");
  else if (rewrite_location && replace !== null)
    say("must be false: replace cannot be undone", ["rewrite_location"]);
});

/** The fields of a route that make such changes. */
export const toolFields = {
  respond: respondSchema.nullable().default(null).describe("Answers the request here, without any origin."),
  redirect: redirectSchema.nullable().default(null).describe("Sends the client elsewhere."),
  request_headers: requestHeadersSchema
    .nullable()
    .default(null)
    .describe(
      "Changes headers of requests, after this balancer's own. Values may hold `{client_ip}`, `{country}`, `{region}`, `{colo}`, `{request_id}`, `{host}`, `{path}`, `{pool}`, `{origin}`; unknown values are empty.",
    ),
  response_headers: responseHeadersSchema
    .nullable()
    .default(null)
    .describe("Changes headers of answers, those made here too. Values as in `request_headers`."),
  rewrite: rewriteSchema
    .nullable()
    .default(null)
    .describe("Changes the path that origins see. The query stays."),
  unavailable: unavailableSchema
    .nullable()
    .default(null)
    .describe("The answer in place of this balancer's own 503, but for clients that ask for JSON."),
} as const;

/** Refuses fields that mean nothing in a route whose requests go to no origin. */
export function refuseBesideAnswer(
  route: Readonly<Record<"respond" | "redirect" | "rewrite" | "request_headers", unknown>>,
  context: z.RefinementCtx,
): void {
  const beside = (["respond", "redirect"] as const).find((key) => route[key] !== null);
  if (beside === undefined) return;
  for (const key of ["request_headers", "rewrite"] as const) {
    if (route[key] === null) continue;
    context.addIssue({
      code: "custom",
      path: [key],
      message: `must not stand beside ${beside}: no origin sees the request`,
    });
  }
}
