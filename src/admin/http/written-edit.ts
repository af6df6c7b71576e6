/**
 * An edit of a document as its author wrote it: only what changes is rewritten, and comments and layout stay.
 * @module
 */
import { applyEdits, type FormattingOptions, type JSONPath, modify } from "jsonc-parser";
import { canonicalJson, readText } from "../../config/canonical.ts";

interface Step {
  readonly path: JSONPath;
  /** Undefined: it goes. */
  readonly value: unknown;
  /** A new item of a list, before the one at its place. */
  readonly isInsertion: boolean;
}

/**
 * `written`, which says `before`, so that it says `after`; null: it cannot be edited so, and its form is lost.
 * A comment between the last of a list and what stands before it goes with the last.
 */
export function editWritten(written: string, before: unknown, after: unknown): string | null {
  let text = written;
  try {
    for (const step of stepsTo(before, after, [])) text = taken(text, step);
  } catch {
    // A key that stands twice may lead to another value than the one that counts.
    return null;
  }
  const content = readText(text);
  return content.ok && content.canonical === canonicalJson(after) ? text : null;
}

function taken(text: string, { path, value, isInsertion }: Step): string {
  // Formatted is what stands around an edit too, so only where something new comes in.
  const form = value === undefined ? {} : { formattingOptions: formOf(text) };
  return applyEdits(text, modify(text, path, value, { ...form, isArrayInsertion: isInsertion }));
}

function stepsTo(before: unknown, after: unknown, path: JSONPath): Step[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listSteps(before, after, path);
  if (!isRecord(before) || !isRecord(after)) return [{ path, value: after, isInsertion: false }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const [was, is] = [before[key], after[key]];
    if (was === undefined || is === undefined)
      return was === is ? [] : [{ path: [...path, key], value: is, isInsertion: false }];
    return stepsTo(was, is, [...path, key]);
  });
}

/** What both begin and end with stays where it is. */
function listSteps(before: readonly unknown[], after: readonly unknown[], path: JSONPath): Step[] {
  const most = Math.min(before.length, after.length);
  const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
  let head = 0;
  while (head < most && isSame(before[head], after[head])) head++;
  let tail = 0;
  while (tail < most - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const shared = most - tail;
  const steps: Step[] = [];
  for (let at = head; at < shared; at++) steps.push(...stepsTo(before[at], after[at], [...path, at]));
  for (let at = before.length - tail - 1; at >= shared; at--)
    steps.push({ path: [...path, at], value: undefined, isInsertion: false });
  for (let at = shared; at < after.length - tail; at++)
    steps.push({ path: [...path, at], value: after[at], isInsertion: true });
  return steps;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How the text is indented, and how its lines end. */
function formOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ";
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 2 : indent.length,
    eol,
  };
}
