/**
 * Edits a pool's document: reads it, changes it, and writes it on the condition that nobody else wrote meanwhile.
 * @module
 */
import type { WrittenPool } from "../../contract/admin.ts";
import type { Call } from "./endpoint.ts";
import {
  askPool,
  expectedVersion,
  fetchDescription,
  versionOf,
  writeAnswer,
  writeOptions,
} from "./pool-client.ts";
import { Problem } from "./problems.ts";
import { editWritten } from "./written-edit.ts";

/** How often an edit is tried because somebody else wrote meanwhile: of so many at once each is made, one in each round. */
const MOST_TRIES = 20;

export type PoolDocument = Record<string, unknown> & { origins: OriginDocument[] };
export type OriginDocument = Record<string, unknown> & { id?: unknown };

/** @param what the writer's action, for the audit event */
export async function editDocument(
  call: Call,
  what: string,
  change: (document: PoolDocument) => PoolDocument,
  status = 200,
): Promise<Response> {
  const { env, request } = call;
  const { pool = "" } = call.params;
  for (let tries = 1; ; tries++) {
    const description = await fetchDescription(env, pool);
    const expected_version = versionOf(description);
    expectedVersion(request, expected_version);
    const before = documentOf(description);
    const after = change(before);
    const written = description.written === null ? null : editWritten(description.written, before, after);
    const text = written ?? JSON.stringify(after);
    const options = writeOptions(call, what, expected_version);
    const result = await askPool(env, pool, (stub) => stub.putConfig(text, options));
    if (result.status !== "conflict" || tries === MOST_TRIES)
      return writeAnswer(pool, result, { createdStatus: status });
  }
}

function documentOf({ document }: WrittenPool): PoolDocument {
  if (document === null) throw new Problem("conflict", { detail: "The pool has no usable configuration." });
  return JSON.parse(document);
}
