/**
 * Computes the changes that a configuration would make to the one in force, and prints them for people.
 * @module
 */
import { canonicalJson } from "../../src/config/canonical.ts";
import { diffJson } from "../../src/config/diff.ts";
import { poolIdOfKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { parseJsonc } from "../../src/config/json.ts";
import { maskSecrets } from "../../src/config/secrets.ts";
import { changeLines, routeLines } from "./change-lines.ts";
import type { Documents } from "./kv-seed.ts";
import type { StoredDocument, StoredDocuments } from "./stores/config-store.ts";
import type { Paint } from "./terminal/paint.ts";

export interface DocumentChange {
  readonly key: string;
  /** The stored document; null: none. */
  readonly stored: StoredDocument | null;
  /** The document to store, as JSON; null: none. */
  readonly text: string | null;
  /** The same with its author's comments and layout. Absent: it has none. */
  readonly written?: string | undefined;
}

const NO_ROUTES = "[]";

/** In an order in which no route ever names a missing pool: pools, routes, removals. */
export function changesTo(wanted: Documents, stored: StoredDocuments): DocumentChange[] {
  const pools = [...wanted].filter(([key]) => key !== ROUTES_KEY);
  const gone = [...stored.keys()].filter((key) => key !== ROUTES_KEY && !wanted.has(key));
  const changes: DocumentChange[] = [
    ...pools.map(([key, text]) => ({ key, stored: stored.get(key) ?? null, text })),
    { key: ROUTES_KEY, stored: stored.get(ROUTES_KEY) ?? null, text: wanted.get(ROUTES_KEY) ?? null },
    ...gone.map((key) => ({ key, stored: stored.get(key) ?? null, text: null })),
  ];
  return changes.filter(differs);
}

function differs({ key, stored, text }: DocumentChange): boolean {
  if ((stored?.problem ?? null) !== null) return true;
  // Absent routes and an empty list of routes are equal.
  const absent = key === ROUTES_KEY ? NO_ROUTES : "null";
  const before = parseJsonc(stored?.text ?? absent);
  return canonicalJson(before) !== canonicalJson(comparable(before, JSON.parse(text ?? absent)));
}

/**
 * `after` in a form that can be compared with `before`. A token that may only read gets masked secrets, so that only
 * the presence of a secret can be compared. A document without secrets is the same with and without masks.
 */
function comparable(before: unknown, after: unknown): unknown {
  const isMasked = canonicalJson(maskSecrets("", before) ?? null) === canonicalJson(before ?? null);
  return isMasked ? maskSecrets("", after) : after;
}

/** `pool api`, `routes` */
export function documentName(key: string): string {
  const id = poolIdOfKey(key);
  return id === null ? key : `pool ${id}`;
}

/** The change as lines: `-` marks removals, `+` additions and `~` other changes. */
export function describeChange(change: DocumentChange, paint: Paint): string[] {
  const { key, stored, text } = change;
  const name = documentName(key);
  const before = parseJsonc(stored?.text ?? "") ?? null;
  if (text === null) {
    const lost = key === ROUTES_KEY ? routeLines(before ?? [], [], paint) : [];
    return [paint.red(`- ${name}`), ...indented(lost)];
  }
  const after: unknown = JSON.parse(text);
  const problem = stored?.problem ?? null;
  const note = problem === null ? [] : [paint.yellow(`  what is stored there is refused: ${problem}`)];
  const shown = comparable(before, after);
  if (key === ROUTES_KEY) {
    return [`~ ${name}`, ...note, ...indented(routeLines(before ?? [], shown, paint))];
  }
  const head = before === null ? paint.green(`+ ${name}`) : `~ ${name}`;
  return [head, ...note, ...indented(changeLines(diffJson(before ?? {}, shown), paint))];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}
