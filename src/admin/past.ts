/**
 * Versions and events, of a pool or of the routes.
 * @module
 */
import * as z from "zod";
import { diffJson } from "../config/diff.ts";
import type { VersionDescription } from "../contract/admin.ts";
import type { PoolEvent } from "../contract/events.ts";
import type { versionDetailSchema, versionSchema } from "./answers.ts";
import { wholeNumber } from "./body.ts";
import { Problem } from "./problems.ts";

/** Who keeps versions: a pool's object, or that of the routes. Newest first; at most one if a version is given. */
export type Versions = (version?: number) => Promise<VersionDescription[]>;

export const versionNumber = z.coerce
  .number({ error: "must be a version" })
  .int("must be a version")
  .min(1, "must be a version");

export const againstQuery = z.object({
  against: versionNumber.optional().describe("Compare with this version. Default: the one before"),
});

export const rollbackBody = z.strictObject({ version: versionNumber });

export const eventsQuery = z.object({
  limit: wholeNumber(1, 1_000).default(100),
  kind: z.string().optional().describe("Only these kinds, separated by commas"),
});

/** For the audit. */
export function rolledBack(version: number): string {
  return `rolled back to version ${version}`;
}

/** @throws Problem if it is not kept */
export async function versionAt(versions: Versions, version: number): Promise<VersionDescription> {
  const [found] = await versions(version);
  if (found === undefined) throw new Problem("not_found", { detail: `Version ${version} is not kept.` });
  return found;
}

/** One version, and what it changed. @param against the version to compare with; absent: the one before */
export async function versionDetail(
  versions: Versions,
  wanted: number,
  against?: number,
): Promise<z.output<typeof versionDetailSchema>> {
  const version = await versionAt(versions, wanted);
  const before = against ?? wanted - 1;
  const isFirst = against === undefined && before < 1;
  const other = isFirst ? null : await versionAt(versions, before).catch(notKept);
  if (other === null && against !== undefined) {
    throw new Problem("not_found", { detail: `Version ${against} is not kept.` });
  }
  const config: unknown = JSON.parse(version.document);
  const changes = other === null ? [] : diffJson(JSON.parse(other.document), config);
  return { ...dates(version), config, against: other?.version ?? null, changes };
}

export function dates(version: VersionDescription): z.output<typeof versionSchema> {
  return { version: version.version, applied_at: version.applied_at, updated_at: version.updated_at };
}

/** The newest events of some kinds. @param kind separated by commas; absent: all */
export function eventsOf(events: readonly PoolEvent[], limit: number, kind?: string): PoolEvent[] {
  const kinds = kind === undefined ? null : new Set(kind.split(","));
  return events.filter((event) => kinds?.has(event.kind) ?? true).slice(0, limit);
}

function notKept(error: unknown): null {
  if (error instanceof Problem && error.type === "not_found") return null;
  throw error;
}
