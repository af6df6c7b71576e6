/**
 * Prints changes of a document line by line for people: `-` marks removals, `+` additions and `~` other changes.
 * Secrets are masked.
 * @module
 */
import { structuredPatch } from "diff";
import { canonicalJson } from "../../src/config/canonical.ts";
import type { Change } from "../../src/config/diff.ts";
import { maskSecrets } from "../../src/config/secrets.ts";
import type { Paint } from "./terminal/paint.ts";

const OTHER_SECRET = "another secret";

/** Changes as `diffJson` finds them. Routes, which have no ids, are one change of the whole list. */
export function changeLines(changes: readonly Change[], paint: Paint): string[] {
  return changes.flatMap(itemByItem).flatMap((change) => {
    const { path, before, after } = change;
    if (path === "" && Array.isArray(before) && Array.isArray(after)) return routeLines(before, after, paint);
    return [fieldLine(change, paint)];
  });
}

function fieldLine({ path, before, after }: Change, paint: Paint): string {
  if (before === undefined) return paint.green(`+ ${path}: ${show(path, after)}`);
  if (after === undefined) return paint.red(`- ${path}: ${show(path, before)}`);
  const [old, now] = [show(path, before), show(path, after)];
  return `~ ${path}: ${old === now ? OTHER_SECRET : `${paint.red(old)} -> ${paint.green(now)}`}`;
}

/** A list of things with ids that is added or removed as a whole, one thing a line. */
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
export function routeLines(before: unknown, after: unknown, paint: Paint): string[] {
  const { hunks } = structuredPatch("", "", lines(before), lines(after), "", "", { context: 1 });
  return hunks.flatMap(({ oldStart, newStart, lines }) => {
    let [oldAt, newAt] = [oldStart, newStart];
    const gone = new Set<string>();
    return lines.map((line) => {
      const route = show("", JSON.parse(line.slice(1)));
      if (line.startsWith("-")) {
        gone.add(route);
        return paint.red(`- ${oldAt++}  ${route}`);
      }
      if (line.startsWith("+")) {
        return paint.green(`+ ${newAt++}  ${route}${gone.has(route) ? `: ${OTHER_SECRET}` : ""}`);
      }
      oldAt++;
      return paint.dim(`  ${newAt++}  ${route}`);
    });
  });
}

/** Canonical lines, because stored documents have their keys in order and files need not. Each line has an end. */
function lines(routes: unknown): string {
  const list: unknown[] = Array.isArray(routes) ? routes : [routes];
  return list.map((route) => `${canonicalJson(route)}\n`).join("");
}

function show(path: string, value: unknown): string {
  return JSON.stringify(maskSecrets(path, value));
}
