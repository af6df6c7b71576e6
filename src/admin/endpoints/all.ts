/**
 * Every endpoint of the admin API. The app, the check of scopes and the OpenAPI document are all made from this list.
 * @module
 */
import * as z from "zod";
import { type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { CHECK_ENDPOINTS } from "./check.ts";
import { CLIENT_ENDPOINTS } from "./clients.ts";
import { EXPLAIN_ENDPOINTS } from "./explain.ts";
import { HISTORY_ENDPOINTS } from "./history.ts";
import { LIVE_ENDPOINTS } from "./live.ts";
import { METRICS_ENDPOINTS } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { ORIGIN_ENDPOINTS } from "./origins.ts";
import { POOL_ENDPOINTS } from "./pools.ts";
import { PREVIEW_ENDPOINTS } from "./preview.ts";
import { ROUTE_ENDPOINTS } from "./routes.ts";
import { STATS_ENDPOINTS } from "./stats.ts";

/** Everything below `/_lb` but the page. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...POOL_ENDPOINTS,
  ...ORIGIN_ENDPOINTS,
  ...HISTORY_ENDPOINTS,
  ...STATS_ENDPOINTS,
  ...CLIENT_ENDPOINTS,
  ...LIVE_ENDPOINTS,
  ...CHECK_ENDPOINTS,
  ...ROUTE_ENDPOINTS,
  ...PREVIEW_ENDPOINTS,
  ...EXPLAIN_ENDPOINTS,
  ...METRICS_ENDPOINTS,
  endpoint({
    method: "get",
    path: "/openapi.json",
    scope: "read",
    summary: "This document",
    answer: z.looseObject({ openapi: z.string() }),
    run: () => json(openApiDocument(ENDPOINTS)),
  }),
];
