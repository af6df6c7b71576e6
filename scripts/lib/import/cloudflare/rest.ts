/**
 * The fields of an export that nothing was made of.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Item } from "./export.ts";

export interface Fields {
  /** Something was made of them, or said about them. */
  readonly used: readonly string[];
  /** Why requests get through as before without them, and to the same origins. */
  readonly left: Readonly<Record<string, string>>;
  /** What somebody must know or do. A field that is in no list is one of these too. */
  readonly todo?: Readonly<Record<string, string>>;
}

/** Names, times, accounts and counts: they change nothing about where a request goes. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  "account_id",
  "created_on",
  "description",
  "disabled_at",
  "healthy",
  "id",
  "modified_on",
  "name",
  "zone_id",
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
    const at = item.at(...path, key);
    const left = Object.hasOwn(fields.left, key) ? fields.left[key] : undefined;
    if (left !== undefined) findings.leftOut(at, left);
    else {
      const known =
        fields.todo !== undefined && Object.hasOwn(fields.todo, key) ? fields.todo[key] : undefined;
      findings.todo(at, known ?? "is not known here, and is left out: see whether requests depend on it");
    }
  }
}

/** Off, empty, or made of such values only. */
export function isUnset(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  return typeof value === "object" && Object.values(value).every(isUnset);
}
