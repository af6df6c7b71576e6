/**
 * The schema of the routes, which decide by host, path and client what happens to a request.
 * @module
 */
import { id, list, number, object, text } from "./fields.ts";
import { refuseAlone, steeringFields } from "./steering-schema.ts";
import { refuseBesideAnswer, toolFields } from "./tools-schema.ts";
import { whereSchema } from "./where-schema.ts";

export const MAX_ROUTES = 1_000;
const MAX_SPLIT = 100;

const LABEL = "[A-Za-z0-9_][A-Za-z0-9_-]{0,62}";
const HOST = new RegExp(`^(?:(?:\\*\\.)?${LABEL}(?:\\.${LABEL}){0,62}|\\[[0-9A-Fa-f:.]{2,45}\\])$`);
const HOST_RULE =
  'must be a host name without a port, such as "api.example.com", or "*." and one, such as "*.example.com"';
// Printable ASCII without blanks, ", #, *, <, >, ?: a request's path arrives percent-encoded.
const PATH = /^\/[!$-)+-;=@-~]{0,2047}$|^\/([!$-)+-;=@-~]{0,2045}\/)?\*$/;
const PATH_RULE =
  'must be a path such as "/login", or a prefix that ends in "/*" such as "/v1/*"; without query, other characters percent-encoded';

const splitItem = object({
  pool: id().describe("A pool."),
  weight: number(0, 1_000_000).describe("Its share of the clients, relative to the others."),
});

const split = list(splitItem, 1, MAX_SPLIT).refine(
  (items) => items.length === 0 || items.some((item) => item.weight > 0),
  {
    error: "must have an item with a weight above 0",
  },
);

/** The targets of a route's requests. Each route has exactly one of these keys. */
const DESTINATIONS = ["pool", "pools", "split", "respond", "redirect"] as const;

export const routeSchema = object({
  host: text(HOST, HOST_RULE)
    .transform((host) => host.toLowerCase())
    .nullable()
    .prefault(null)
    .describe(
      "Host of the request: exact, or `*.example.com` for every name below example.com but not itself. A port is ignored. Absent: any.",
    ),
  path: text(PATH, PATH_RULE)
    .nullable()
    .default(null)
    .describe(
      "Path of the request: exact, or a prefix `/v1/*`, which matches `/v1` and all below it. Absent: any.",
    ),
  where: whereSchema
    .nullable()
    .default(null)
    .describe(
      "Further conditions. All must be met; of a list one entry is enough. An unknown property meets no condition. Absent: any.",
    ),
  pool: id().nullable().default(null).describe("The pool to send to. Either this, `pools` or `split`."),
  ...steeringFields,
  split: split
    .nullable()
    .default(null)
    .describe(
      "Pools that share the clients by weight. A client stays with one. Either this, `pool` or `pools`.",
    ),
  fallback_pool: id()
    .nullable()
    .default(null)
    .describe("The pool to send to when the others have no eligible origin."),
  ...toolFields,
}).superRefine((route, context) => {
  refuseAlone(route, context);
  refuseBesideAnswer(route, context);
  const found = DESTINATIONS.filter((key) => route[key] !== null);
  if (found.length === 1) return;
  context.addIssue({
    code: "custom",
    message: `must have exactly one of ${DESTINATIONS.join(", ")}`,
    params: { found: found.length === 0 ? "none" : found.join(" and ") },
  });
});

export const routesSchema = list(routeSchema, 0, MAX_ROUTES);
