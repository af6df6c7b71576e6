/**
 * The fields of an export that nothing was made of.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Item } from "./export.ts";

export interface Fields {
  /** Something was made of them, or said about them. */
  readonly used: readonly string[];
  /** Why there is no counterpart. A field that is in neither list is reported too. */
  readonly lost: Readonly<Record<string, string>>;
}

/** Names, times and counts: they change nothing about where a request goes. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  "created_on",
  "description",
  "disabled_at",
  "healthy",
  "id",
  "modified_on",
  "name",
  "zone_name",
]);

/** Reports each field of the object at `path` in `item` that is set and was not used. */
export function reportRest(
  item: Item<unknown>,
  path: readonly (string | number)[],
  value: object | null | undefined,
  fields: Fields,
  findings: Findings,
): void {
  for (const [key, field] of Object.entries(value ?? {})) {
    if (SAYS_NOTHING.has(key) || fields.used.includes(key) || isUnset(field)) continue;
    const why = Object.hasOwn(fields.lost, key) ? fields.lost[key] : undefined;
    findings.lost(item.at(...path, key), why ?? "is not known here");
  }
}

/** Off, empty, or made of such values only. */
export function isUnset(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  return typeof value === "object" && Object.values(value).every(isUnset);
}
