/**
 * Lists the changes between two documents, for people.
 * @module
 */
import { canonicalJson } from "./canonical.ts";

/** One change. Absent `before`: added; absent `after`: removed. */
export interface Change {
  /** `failover.max_attempts`; `origins[a].weight` for the origin with the id "a". */
  path: string;
  before?: unknown;
  after?: unknown;
}

/** Every value that differs. Lists of objects with ids are compared by id, so their order does not matter. */
export function diffJson(before: unknown, after: unknown, path = ""): Change[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  const one = children(before);
  const other = children(after);
  if (one === null || other === null || one.byId !== other.byId) return [change(path, before, after)];
  const keys = new Set([...one.values.keys(), ...other.values.keys()]);
  const changes = [...keys].flatMap((key) =>
    diffJson(one.values.get(key), other.values.get(key), step(path, key, one.byId)),
  );
  // The same origins in another order are a change, because round robin depends on it.
  return changes.length > 0 ? changes : [change(path, before, after)];
}

function change(path: string, before: unknown, after: unknown): Change {
  return {
    path,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function step(path: string, key: string, byId: boolean): string {
  if (byId) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The parts of a value by name; null if it is compared as a whole. */
function children(value: unknown): { values: Map<string, unknown>; byId: boolean } | null {
  if (typeof value !== "object" || value === null) return null;
  if (!Array.isArray(value)) return { values: new Map(Object.entries(value)), byId: false };
  const entries = value.map((item: unknown): [string | null, unknown] => [idOf(item), item]);
  const values = new Map(entries.flatMap(([id, item]) => (id === null ? [] : [[id, item] as const])));
  return values.size === value.length && value.length > 0 ? { values, byId: true } : null;
}

function idOf(item: unknown): string | null {
  if (typeof item !== "object" || item === null || !("id" in item)) return null;
  return typeof item.id === "string" ? item.id : null;
}
