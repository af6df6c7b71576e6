/**
 * A pool's past: events, versions, statistics.
 * @module
 */
import * as z from "zod";
import { eventSchema, versionDetailSchema, versionSchema, writeSchema } from "./answers.ts";
import { checked } from "./body.ts";
import { type Call, type Endpoint, endpoint, json } from "./endpoint.ts";
import {
  againstQuery,
  dates,
  eventsOf,
  eventsQuery,
  rollbackBody,
  rolledBack,
  type Versions,
  versionAt,
  versionDetail,
  versionNumber,
} from "./past.ts";
import {
  askPool,
  describePool,
  expectedVersion,
  versionOf,
  writeAnswer,
  writeOptions,
} from "./pool-client.ts";

function versionsOf({ env, params: { pool = "" } }: Call): Versions {
  return (version) => askPool(env, pool, (stub) => stub.versions(version));
}

export const HISTORY_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/pools/:pool/events",
    scope: "read",
    summary: "What happened, newest first; the last 1,000 are kept",
    query: eventsQuery,
    answer: z.object({ events: z.array(eventSchema) }),
    problems: ["not_found"],
    async run({ env, params: { pool = "" }, query: { limit, kind } }) {
      await describePool(env, pool);
      const events = await askPool(env, pool, (stub) => stub.events(kind === undefined ? limit : undefined));
      return json({ events: eventsOf(events, limit, kind) });
    },
  }),
  endpoint({
    method: "get",
    path: "/pools/:pool/versions",
    scope: "read",
    summary: "Configurations that were in force, newest first; the last 100 are kept",
    answer: z.object({ versions: z.array(versionSchema) }),
    problems: ["not_found"],
    async run({ env, params: { pool = "" } }) {
      await describePool(env, pool);
      const versions = await askPool(env, pool, (stub) => stub.versions());
      return json({ versions: versions.map(dates) });
    },
  }),
  endpoint({
    method: "get",
    path: "/pools/:pool/versions/:version",
    scope: "read",
    summary: "One of them, and what it changed",
    query: againstQuery,
    answer: versionDetailSchema,
    problems: ["not_found"],
    async run(call) {
      const wanted = checked(versionNumber, call.params.version);
      return json(await versionDetail(versionsOf(call), wanted, call.query.against));
    },
  }),
  endpoint({
    method: "post",
    path: "/pools/:pool/rollback",
    scope: "admin",
    summary: "Puts an earlier version's configuration in force, as a new version",
    conditional: true,
    body: rollbackBody,
    answer: writeSchema,
    problems: ["not_found"],
    async run(call) {
      const { env, request, principal, body, params } = call;
      const { pool = "" } = params;
      const expected_version = expectedVersion(request, versionOf(await describePool(env, pool)));
      await versionAt(versionsOf(call), body.version);
      const options = writeOptions(principal, rolledBack(body.version), expected_version);
      return writeAnswer(pool, await askPool(env, pool, (stub) => stub.rollback(body.version, options)));
    },
  }),
];
