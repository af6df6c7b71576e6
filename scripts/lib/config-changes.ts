/**
 * What putting a configuration in force would change, and that for people to read.
 * @module
 */
import { structuredPatch } from "diff";
import { canonicalJson } from "../../src/config/canonical.ts";
import { type Change, diffJson } from "../../src/config/diff.ts";
import { poolIdOfKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { parseJson } from "../../src/config/json.ts";
import type { Documents } from "./kv-seed.ts";
import { maskSecrets } from "./secrets.ts";
import type { StoredDocument, StoredDocuments } from "./stores/config-store.ts";
import type { Paint } from "./terminal/paint.ts";

export interface DocumentChange {
  readonly key: string;
  /** What is there; null: nothing. */
  readonly stored: StoredDocument | null;
  /** What is to be there, as JSON; null: nothing. */
  readonly text: string | null;
}

const NO_ROUTES = "[]";

/** In an order in which no route ever names a pool that is not there: pools, the routes, what goes. */
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
  // No routes and an empty list of them are the same.
  const absent = key === ROUTES_KEY ? NO_ROUTES : "null";
  return canonicalJson(parseJson(stored?.text ?? absent)) !== canonicalJson(JSON.parse(text ?? absent));
}

/** `pool api`, `routes` */
export function documentName(key: string): string {
  const id = poolIdOfKey(key);
  return id === null ? key : `pool ${id}`;
}

/** The change as lines: what goes is marked with `-`, what comes with `+`, what becomes something else with `~`. */
export function describeChange(change: DocumentChange, paint: Paint): string[] {
  const { key, stored, text } = change;
  const name = documentName(key);
  const before = parseJson(stored?.text ?? "") ?? null;
  if (text === null) {
    const lost = key === ROUTES_KEY ? routeLines(before ?? [], [], paint) : [];
    return [paint.red(`- ${name}`), ...lost];
  }
  const after: unknown = JSON.parse(text);
  const problem = stored?.problem ?? null;
  const note = problem === null ? [] : [paint.yellow(`  what is stored there is refused: ${problem}`)];
  if (key === ROUTES_KEY) return [`~ ${name}`, ...note, ...routeLines(before ?? [], after, paint)];
  const head = before === null ? paint.green(`+ ${name}`) : `~ ${name}`;
  return [head, ...note, ...fieldLines(before ?? {}, after, paint)];
}

function fieldLines(before: unknown, after: unknown, paint: Paint): string[] {
  return diffJson(before, after)
    .flatMap(itemByItem)
    .map(({ path, before, after }) => {
      if (before === undefined) return paint.green(`    + ${path}: ${show(path, after)}`);
      if (after === undefined) return paint.red(`    - ${path}: ${show(path, before)}`);
      const [old, now] = [show(path, before), show(path, after)];
      return `    ~ ${path}: ${old === now ? "another secret" : `${paint.red(old)} -> ${paint.green(now)}`}`;
    });
}

/** A list of things with ids that comes or goes as a whole: each in a line of its own. */
function itemByItem(change: Change): Change[] {
  const { path, before, after } = change;
  if (Array.isArray(before) === Array.isArray(after)) return [change];
  const list: unknown = before ?? after;
  if (!Array.isArray(list)) return [change];
  const items = list.flatMap((item: unknown): Change[] => {
    const id = typeof item === "object" && item !== null && "id" in item ? String(item.id) : null;
    if (id === null) return [];
    return [{ path: `${path}[${id}]`, ...(before === undefined ? { after: item } : { before: item }) }];
  });
  return items.length === list.length && items.length > 0 ? items : [change];
}

/** The order of routes matters, so their lines are compared, with the neighbours of those that changed. */
function routeLines(before: unknown, after: unknown, paint: Paint): string[] {
  const { hunks } = structuredPatch("", "", lines(before), lines(after), "", "", { context: 1 });
  return hunks.flatMap(({ oldStart, newStart, lines }) => {
    let [oldAt, newAt] = [oldStart, newStart];
    return lines.flatMap((line) => {
      const [sign, text] = [line[0], line.slice(1)];
      switch (sign) {
        case "-":
          return [paint.red(`    - ${oldAt++}  ${text}`)];
        case "+":
          return [paint.green(`    + ${newAt++}  ${text}`)];
        case " ":
          oldAt++;
          return [paint.dim(`      ${newAt++}  ${text}`)];
        default:
          return [];
      }
    });
  });
}

function lines(routes: unknown): string {
  const list: unknown[] = Array.isArray(routes) ? routes : [routes];
  return list.map((route) => `${JSON.stringify(route)}\n`).join("");
}

function show(path: string, value: unknown): string {
  return JSON.stringify(maskSecrets(path, value));
}
