/**
 * A pool's past: events, versions, statistics.
 * @module
 */
import * as z from "zod";
import { diffJson } from "../config/diff.ts";
import type { VersionDescription } from "../contract/admin.ts";
import { eventSchema, versionDetailSchema, versionSchema, writeSchema } from "./answers.ts";
import { checked } from "./body.ts";
import { type Call, type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool, describePool, expectedVersion, versionOf, writeAnswer } from "./pool-client.ts";
import { Problem } from "./problems.ts";

const versionNumber = z.coerce
  .number({ error: "must be a version" })
  .int("must be a version")
  .min(1, "must be a version");

/** @throws Problem if it is not kept */
async function versionAt({ env, params }: Call, version: number): Promise<VersionDescription> {
  const { pool = "" } = params;
  const [found] = await askPool(env, pool, (stub) => stub.versions(version));
  if (found === undefined) throw new Problem("not_found", { detail: `Version ${version} is not kept.` });
  return found;
}

function dates({ version, applied_at, updated_at }: VersionDescription): z.output<typeof versionSchema> {
  return { version, applied_at, updated_at };
}

export const HISTORY_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/pools/:pool/events",
    scope: "read",
    summary: "What happened, newest first; the last 1,000 are kept",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
      kind: z.string().optional().describe("Only these kinds, separated by commas"),
    }),
    answer: z.object({ events: z.array(eventSchema) }),
    problems: ["not_found"],
    async run({ env, params: { pool = "" }, query: { limit, kind } }) {
      await describePool(env, pool);
      const kinds = kind === undefined ? null : new Set(kind.split(","));
      const events = await askPool(env, pool, (stub) => stub.events(kinds === null ? limit : undefined));
      return json({ events: events.filter((event) => kinds?.has(event.kind) ?? true).slice(0, limit) });
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
    query: z.object({
      against: versionNumber.optional().describe("Compare with this version. Default: the one before"),
    }),
    answer: versionDetailSchema,
    problems: ["not_found"],
    async run(call) {
      const wanted = checked(versionNumber, call.params.version);
      const version = await versionAt(call, wanted);
      const { against = wanted - 1 } = call.query;
      const isFirst = call.query.against === undefined && against < 1;
      const other = isFirst ? null : await versionAt(call, against).catch(notKept);
      if (other === null && call.query.against !== undefined) throw new Problem("not_found");
      const config: unknown = JSON.parse(version.document);
      const changes = other === null ? [] : diffJson(JSON.parse(other.document), config);
      return json({ ...dates(version), config, against: other?.version ?? null, changes });
    },
  }),
  endpoint({
    method: "post",
    path: "/pools/:pool/rollback",
    scope: "admin",
    summary: "Puts an earlier version's configuration in force, as a new version",
    conditional: true,
    body: z.strictObject({ version: versionNumber }),
    answer: writeSchema,
    problems: ["not_found", "precondition_failed", "invalid"],
    async run(call) {
      const { env, request, principal, body, params } = call;
      const { pool = "" } = params;
      const expected_version = expectedVersion(request, versionOf(await describePool(env, pool)));
      await versionAt(call, body.version);
      const options = {
        who: principal.name,
        what: `rolled back to version ${body.version}`,
        ...(expected_version === undefined ? {} : { expected_version }),
      };
      return writeAnswer(pool, await askPool(env, pool, (stub) => stub.rollback(body.version, options)));
    },
  }),
];

function notKept(error: unknown): null {
  if (error instanceof Problem && error.type === "not_found") return null;
  throw error;
}
