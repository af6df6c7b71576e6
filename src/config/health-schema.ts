/**
 * The schema of active checks and outlier detection, by which a pool learns that an origin is bad.
 * @module
 */
import * as z from "zod";
import { flag, integer, number, object, oneOf, text, unmasked } from "./fields.ts";
import { parseStatusCodes } from "./status-codes.ts";

const CODES_RULE = 'must name statuses from 100 to 599, such as "2xx", "200-299" or "200,204,3xx"';
const MOST_CODES_LENGTH = 500;
const MOST_HEADERS = 50;
const STATUSES = Array.from({ length: 500 }, (_, index) => 100 + index);

/** Interim answers (1xx: RFC 9110, 15.2) are never seen; 101 ends the exchange. */
function isFinal(status: number): boolean {
  return status === 101 || status >= 200;
}

/** RFC 9110, 6.4.1. */
function hasBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** True if `codes` lets an answer of such a status pass. */
function passes(codes: string, isSuch: (status: number) => boolean): boolean {
  const expected = parseStatusCodes(codes);
  return expected !== null && STATUSES.some((status) => isSuch(status) && expected(status));
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

const flap = object({
  max_transitions: integer(1, 100)
    .default(6)
    .describe("More changes between healthy and unhealthy than this within `window` count as flapping."),
  window: number(1, 86_400).default(300).describe("Seconds over which changes are counted."),
  base_hold: number(1, 86_400)
    .default(30)
    .describe("Seconds the first hold lasts. Each further one is twice as long."),
  max_hold: number(1, 86_400).default(600).describe("Longest hold in seconds. At least `base_hold`."),
}).superRefine((value, context) => {
  if (value.max_hold < value.base_hold) refuseOrder(context, "max_hold", value.max_hold, "base_hold");
});

export const healthCheckSchema = object({
  type: oneOf(["http", "tcp"])
    .default("http")
    .describe("`http` sends a request and judges the answer; `tcp` only opens a connection."),
  path: unmasked(text(/^\/[^\s#]{0,2047}$/, 'must be a path that starts with "/", without blanks or "#"'))
    .default("/")
    .describe("Path and query of the probe. `http` only."),
  method: oneOf(["GET", "HEAD", "OPTIONS", "POST"])
    .default("GET")
    .describe("Method of the probe. `http` only."),
  interval: number(0.5, 3_600)
    .default(5)
    .describe(
      "Seconds between two probes of an origin, spread by 10% so that origins are not probed in step.",
    ),
  timeout: number(0.1, 60).default(2).describe("Seconds a probe may take; a slower one failed."),
  healthy_threshold: integer(1, 100)
    .default(2)
    .describe("Passes in a row that make an unhealthy origin healthy."),
  unhealthy_threshold: integer(1, 100)
    .default(3)
    .describe("Failures in a row that make a healthy origin unhealthy."),
  expected_codes: z
    .string(CODES_RULE)
    // The text is read at each probe, so it may only be as long as a list of statuses needs. A longer one is refused
    // unread.
    .max(MOST_CODES_LENGTH, { error: `must have at most ${MOST_CODES_LENGTH} characters`, abort: true })
    .refine((value) => parseStatusCodes(value) !== null, { error: CODES_RULE, abort: true })
    .refine((value) => passes(value, isFinal), "must name a status that ends an answer: 101, or 200 to 599")
    .default("2xx")
    .describe("Statuses that pass: `2xx`, a range `200-299`, or a list `200,204,3xx`. `http` only."),
  expected_body: text(/^[\s\S]{1,1024}$/, "must be a text of 1 to 1024 characters")
    .nullable()
    .default(null)
    .describe("Text that must occur in the first 64 KB of the answer. `http` only."),
  headers: z
    .record(
      text(HEADER_NAME, "must be a header name"),
      unmasked(
        text(/^[\t\x20-\x7e]{0,4096}$/, "must be a header value: printable ASCII, at most 4096 characters"),
      ),
      { error: "must be an object of header names and values" },
    )
    .refine((value) => Object.keys(value).length <= MOST_HEADERS, `must hold at most ${MOST_HEADERS} headers`)
    .default({})
    .describe("Headers to send with the probe. `Host` is always that of the origin's `url`. `http` only."),
  port: integer(1, 65_535).nullable().default(null).describe("Port to probe, if it is not the origin's own."),
  follow_redirects: flag()
    .default(false)
    .describe(
      "Follow redirects and judge the answer at their end. `headers` are not sent to another host, port or scheme, and none is followed from https to http. `http` only.",
    ),
  initial: oneOf(["healthy", "unhealthy"])
    .default("healthy")
    .describe("State of a new origin until its first probes have ended."),
  flap: flap
    .nullable()
    .prefault({})
    .describe("Holds an origin that keeps changing state down for a growing time. `null`: never."),
}).superRefine(({ type, method, expected_body, expected_codes }, context) => {
  if (type !== "http" || expected_body === null) return;
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["expected_body"], message, params: { found: "a text" } });
  if (method === "HEAD") refuse("must be null with the method HEAD, whose answers have no body");
  else if (!passes(expected_codes, hasBody))
    refuse("must be null where expected_codes names no answer with a body");
});

export const outlierDetectionSchema = object({
  consecutive_failures: integer(0, 1_000)
    .default(5)
    .describe("Failures in a row that eject an origin. 0: do not judge by this."),
  failure_percent: number(0, 100)
    .default(50)
    .describe("Percentage of failures within `interval` that ejects an origin. 0: do not judge by this."),
  minimum_requests: integer(1, 1_000_000)
    .default(20)
    .describe("Requests within `interval` below which `failure_percent` is not judged."),
  interval: number(1, 3_600).default(10).describe("Seconds over which `failure_percent` is taken."),
  base_ejection_time: number(1, 86_400)
    .default(30)
    .describe("Seconds the first ejection lasts. It grows with each further one."),
  max_ejection_time: number(1, 86_400)
    .default(300)
    .describe("Longest ejection in seconds. At least `base_ejection_time`."),
  max_ejection_percent: number(0, 100)
    .default(50)
    .describe("Largest percentage of the pool that may be ejected at once. One origin is always left."),
  unejected_by_health_check: flag()
    .default(true)
    .describe("A passing health check ends an ejection before its time."),
}).superRefine((value, context) => {
  if (value.max_ejection_time < value.base_ejection_time) {
    refuseOrder(context, "max_ejection_time", value.max_ejection_time, "base_ejection_time");
  }
});

// One of the two may be a default that the document does not show, so the message gives the value found.
function refuseOrder(context: z.RefinementCtx, field: string, found: number, atLeast: string): void {
  context.addIssue({
    code: "custom",
    path: [field],
    message: `must be at least ${atLeast}`,
    params: { found: String(found) },
  });
}
