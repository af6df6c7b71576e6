/**
 * A pool's past: events and versions.
 * @module
 */
import { askPool, expectedVersion, fetchSummary, versionOf, writeAnswer } from "../http/pool-client.ts";
import { eventSchema, writeSchema } from "../http/schemas.ts";
import { versionEndpoints } from "./versions.ts";

export const HISTORY_ENDPOINTS = versionEndpoints({
  path: "/pools/:pool",
  summaries: {
    events: "What happened, newest first; the last 1,000 are kept",
    versions: "Configurations that were in force, newest first; the last 100 are kept",
    rollback: "Puts an earlier version's configuration in force, as a new version",
  },
  problems: ["not_found"],
  eventForm: eventSchema,
  writeForm: writeSchema,
  ask: ({ env, params: { pool = "" } }, question) => askPool(env, pool, question),
  async find({ env, params: { pool = "" } }) {
    await fetchSummary(env, pool);
  },
  async expected({ env, request, params: { pool = "" } }) {
    return expectedVersion(request, versionOf(await fetchSummary(env, pool)));
  },
  // The object checks it: whatever was in force may come back that can.
  further: async () => ({}),
  answer: ({ params: { pool = "" } }, result) => writeAnswer(pool, result),
  shownEvent: (event) => event,
});
