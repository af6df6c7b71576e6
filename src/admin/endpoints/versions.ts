/**
 * What happened to a document and which versions of it there were, and the way back to one: the same endpoints for a
 * pool's configuration and for the routes.
 * @module
 */
import * as z from "zod";
import { diffJson } from "../../config/diff.ts";
import { oneOf } from "../../config/fields.ts";
import type { VersionDescription, WriteOptions, WriteResult } from "../../contract/admin.ts";
import { POOL_EVENT_KINDS, type PoolEvent } from "../../contract/events.ts";
import { checked, inDigits, wholeNumber } from "../http/body.ts";
import { type Call, type Endpoint, endpoint, json } from "../http/endpoint.ts";
import { shownChanges, shownDocument, shownText } from "../http/masking.ts";
import { writeOptions } from "../http/pool-client.ts";
import { Problem, type ProblemType } from "../http/problems.ts";
import { versionDetailSchema, versionSchema } from "../http/schemas.ts";
import type { Principal } from "../http/tokens.ts";

/** The object that keeps the document. */
interface Keeper {
  events(limit?: number): Promise<PoolEvent[]>;
  versions(version?: number): Promise<VersionDescription[]>;
  rollback(version: number, options: WriteOptions): Promise<WriteResult>;
}

/** The parts of a call that name its document. */
type Addressed = Pick<Call, "env" | "request" | "params">;
type Detail = z.output<typeof versionDetailSchema>;

export interface VersionedDocument {
  /** Under `/_lb`. */
  readonly path: string;
  readonly summaries: { readonly events: string; readonly versions: string; readonly rollback: string };
  /** Problems that are answered if there is no such document. */
  readonly problems: readonly ProblemType[];
  readonly eventForm: z.ZodType;
  readonly writeForm: z.ZodType;
  ask<T>(call: Addressed, question: (keeper: Keeper) => Promise<T>): Promise<T>;
  /** @throws Problem if it is not there */
  find(call: Addressed): Promise<void>;
  /** The version that the writer expects, if that is said. @throws Problem if it is another, or nothing is there */
  expected(call: Addressed): Promise<number | undefined>;
  /** What else the document's object must know to put it in force again. */
  further(call: Addressed, document: string): Promise<Pick<WriteOptions, "pools">>;
  answer(call: Addressed, result: WriteResult): Response;
  shownEvent(event: PoolEvent): unknown;
}

export function versionEndpoints(document: VersionedDocument): Endpoint[] {
  return [
    eventsEndpoint(document),
    versionsEndpoint(document),
    versionEndpoint(document),
    rollbackEndpoint(document),
  ];
}

/** Newest first; if one is asked for, with its document. */
type Versions = (version?: number) => Promise<VersionDescription[]>;

const VERSION_RULE = "must be a version";
const versionNumber = inDigits(z.number({ error: VERSION_RULE }).int(VERSION_RULE).min(1, VERSION_RULE));

const againstQuery = z.object({
  against: versionNumber.optional().describe("Compare with this version. Default: the one before"),
});

const rollbackBody = z.strictObject({ version: versionNumber });

const eventsQuery = z.object({
  limit: wholeNumber(1, 1_000).default(100),
  kind: z.array(oneOf(POOL_EVENT_KINDS)).optional().describe("Only these kinds"),
});

function eventsEndpoint({
  path,
  summaries,
  problems,
  eventForm,
  ask,
  find,
  shownEvent,
}: VersionedDocument): Endpoint {
  return endpoint({
    method: "get",
    path: `${path}/events`,
    scope: "read",
    summary: summaries.events,
    query: eventsQuery,
    answer: z.object({ events: z.array(eventForm) }),
    problems,
    async run(call) {
      const { limit, kind } = call.query;
      await find(call);
      const events = await ask(call, (keeper) => keeper.events(kind === undefined ? limit : undefined));
      return json({ events: eventsOf(events, limit, kind).map(shownEvent) });
    },
  });
}

function versionsEndpoint({ path, summaries, problems, ask, find }: VersionedDocument): Endpoint {
  return endpoint({
    method: "get",
    path: `${path}/versions`,
    scope: "read",
    summary: summaries.versions,
    answer: z.object({ versions: z.array(versionSchema) }),
    problems,
    async run(call) {
      await find(call);
      const versions = await ask(call, (keeper) => keeper.versions());
      return json({ versions: versions.map(dates) });
    },
  });
}

function versionEndpoint({ path, ask }: VersionedDocument): Endpoint {
  return endpoint({
    method: "get",
    path: `${path}/versions/:version`,
    scope: "read",
    summary: "One of them, and what it changed",
    query: againstQuery,
    answer: versionDetailSchema,
    problems: ["not_found", "invalid"],
    async run(call) {
      const wanted = checked(versionNumber, call.params.version);
      const versions: Versions = (version) => ask(call, (keeper) => keeper.versions(version));
      return json(shownDetail(await versionDetail(versions, wanted, call.query.against), call.principal));
    },
  });
}

function rollbackEndpoint(document: VersionedDocument): Endpoint {
  const { path, summaries, writeForm, ask, expected, further, answer } = document;
  return endpoint({
    method: "post",
    path: `${path}/rollback`,
    scope: "admin",
    summary: summaries.rollback,
    conditional: true,
    body: rollbackBody,
    answer: writeForm,
    problems: ["not_found"],
    async run(call) {
      const { version } = call.body;
      const options = writeOptions(call, `rolled back to version ${version}`, await expected(call));
      const past = await versionAt((wanted) => ask(call, (keeper) => keeper.versions(wanted)), version);
      const all = { ...options, ...(await further(call, past.document)) };
      return answer(call, await ask(call, (keeper) => keeper.rollback(version, all)));
    },
  });
}

/** The version as this principal may see it. */
function shownDetail({ written, ...detail }: Detail, principal: Principal): Detail {
  return {
    ...detail,
    config: shownDocument(detail.config, principal),
    changes: shownChanges(detail.changes, principal),
    ...shownText(written, principal),
  };
}

/** @throws Problem if it is not kept */
async function versionAt(
  versions: Versions,
  version: number,
): Promise<VersionDescription & { document: string }> {
  const [found] = await versions(version);
  if (found?.document === undefined) {
    throw new Problem("not_found", { detail: `Version ${version} is not kept.` });
  }
  return { ...found, document: found.document };
}

/** One version, and its changes. @param against the version to compare with; absent: the one before */
async function versionDetail(versions: Versions, wanted: number, against?: number): Promise<Detail> {
  const version = await versionAt(versions, wanted);
  const before = against ?? wanted - 1;
  const isFirst = against === undefined && before < 1;
  const other = isFirst ? null : await versionAt(versions, before).catch(notKept);
  if (other === null && against !== undefined) {
    throw new Problem("not_found", { detail: `Version ${against} is not kept.` });
  }
  const config: unknown = JSON.parse(version.document);
  const changes = other === null ? [] : diffJson(JSON.parse(other.document), config);
  const { written } = version;
  const asWritten = written === undefined ? {} : { written };
  return { ...dates(version), config, ...asWritten, against: other?.version ?? null, changes };
}

function dates(version: VersionDescription): z.output<typeof versionSchema> {
  const { document: _, written: __, ...dated } = version;
  return dated;
}

/** The newest events of some kinds. @param kinds absent: all */
function eventsOf(events: readonly PoolEvent[], limit: number, kinds?: readonly string[]): PoolEvent[] {
  return events.filter((event) => kinds?.includes(event.kind) ?? true).slice(0, limit);
}

function notKept(error: unknown): null {
  if (error instanceof Problem && error.type === "not_found") return null;
  throw error;
}
