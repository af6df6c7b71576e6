/**
 * Changes of headers, as a route makes them.
 * @module
 */
import { routeSchema } from "../../../src/config/routes-schema.ts";
import type { RouteDocument } from "./result.ts";

export type HeaderField = "request_headers" | "response_headers";
export type HeaderRules = NonNullable<RouteDocument[HeaderField]>;

/** The balancer sets these itself, or they are about the connection. */
export const OWN_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "transfer-encoding",
  "upgrade",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/** False for a header or a value that a route cannot have. */
export function isValidRules(field: HeaderField, rules: HeaderRules): boolean {
  return routeSchema.shape[field].safeParse(rules).success;
}
