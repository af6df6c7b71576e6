/**
 * Says in plain English what is wrong with a configuration. An issue of zod becomes a sentence with the path, the rule,
 * the value found, and the nearest valid spelling.
 * @module
 */
import type * as z from "zod";
import { keysAt } from "./schema-keys.ts";
import { isSecret, MASK } from "./secrets.ts";
import { MOST_SUGGESTED, suggest } from "./suggest.ts";

const UNKNOWN_KEY = "unknown key";

export type ConfigPath = readonly (string | number)[];

export interface ConfigError {
  readonly path: ConfigPath;
  /** Whether the key at the end of `path` or its value is wrong. */
  readonly at: "key" | "value";
  readonly rule: string;
  /** A short text for the value found; `nothing` if there was none. */
  readonly found: string;
  /** The whole sentence: path, rule, found, suggestion. */
  readonly message: string;
  readonly suggestion?: string;
}

export function configError(
  error: Omit<ConfigError, "message" | "suggestion">,
  suggestion?: string,
): ConfigError {
  const { path, rule, found } = error;
  const where = path.length === 0 ? "" : `${formatPath(path)}: `;
  const sentence = rule === UNKNOWN_KEY ? rule : `${rule}, found ${found}`;
  const message = `${where}${sentence}${suggestion === undefined ? "" : `, did you mean "${suggestion}"?`}`;
  return { ...error, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** All messages, one a line. */
export function formatErrors(errors: readonly ConfigError[]): string {
  return errors.map((error) => error.message).join("\n");
}

/** As answers have them. */
export function shownErrors(errors: readonly ConfigError[]): { path: string; message: string }[] {
  return errors.map(({ path, message }) => ({ path: formatPath(path), message }));
}

/** `pools.api.origins[1].weight` */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[\w$-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** All errors of `value` against `schema`, each path behind `base`. @param issues empty: the schema found none */
export function errorsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  value: unknown,
  base: ConfigPath,
): ConfigError[] {
  const errors = flatten(issues, []).flatMap((issue, index) =>
    fromIssue(issue, schema, value, base, MOST_SUGGESTED - index),
  );
  // Two checks of one field (whole number, maximum) state the same rule.
  const all = [...errors, ...hiddenKeyErrors(value, base)];
  return [...new Map(all.map((error) => [error.message, error])).values()];
}

/**
 * An error for each key `__proto__`, which no part of a configuration may have, and which zod leaves out of an object of free
 * names without a word.
 */
function hiddenKeyErrors(value: unknown, base: ConfigPath): ConfigError[] {
  const errors: ConfigError[] = [];
  const open: [part: unknown, path: ConfigPath][] = [[value, base]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [part, path] = next;
    for (const [key, child] of Object.entries(Object(part))) {
      if (key === "__proto__") errors.push(unknownKey([...path, key], child));
      if (typeof child === "object" && child !== null)
        open.push([child, [...path, Array.isArray(part) ? Number(key) : key]]);
    }
  }
  return errors;
}

function unknownKey(path: ConfigPath, value: unknown, suggestion?: string): ConfigError {
  return configError({ path, at: "key", rule: UNKNOWN_KEY, found: kind(value) }, suggestion);
}

type Issue = { issue: z.core.$ZodIssue; path: (string | number)[] };

/** Replaces a union's issue by the issues of the branch that was meant, if the value's outer form fits one. */
function flatten(issues: readonly z.core.$ZodIssue[], base: (string | number)[]): Issue[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
    const meant = issue.code === "invalid_union" ? issue.errors.find(isInside) : undefined;
    return meant === undefined ? [{ issue, path }] : flatten(meant, path);
  });
}

function isInside(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys");
}

/** @param suggested most errors that get a suggestion; 0 or less: none */
function fromIssue(
  { issue, path }: Issue,
  schema: z.ZodType,
  value: unknown,
  base: ConfigPath,
  suggested: number,
): ConfigError[] {
  const full = [...base, ...path];
  const there = valueAt(value, path);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key, index) =>
      unknownKey(
        shownKey([...full, key]),
        valueAt(there, [key]),
        index < suggested ? suggest(key, known) : undefined,
      ),
    );
  }
  if (issue.code === "invalid_key") {
    const rule = issue.issues[0]?.message ?? issue.message;
    const shown = shownKey(full);
    const found = shown === full ? describeValue(path.at(-1)) : kind(path.at(-1));
    return [configError({ path: shown, at: "key", rule, found })];
  }
  const found = foundIn(issue) ?? (isSecret(full) ? kind(there) : describeValue(there));
  return [
    configError(
      { path: full, at: "value", rule: issue.message, found },
      suggested > 0 ? suggestValue(issue, there) : undefined,
    ),
  ];
}

/** The path of a wrong key, which may be a whole header or parameter with its value: then without the key. */
function shownKey(path: ConfigPath): ConfigPath {
  const key = String(path.at(-1));
  const isName = isSecret(path) ? /^[\w-]+$/.test(key) : !/[:=]/.test(key);
  return isName ? path : [...path.slice(0, -1), MASK];
}

/** The value that a rule over several fields reported. */
function foundIn(issue: z.core.$ZodIssue): string | undefined {
  const found: unknown = issue.code === "custom" ? issue.params?.found : undefined;
  return typeof found === "string" ? found : undefined;
}

function suggestValue(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const issues = issue.code === "invalid_union" ? issue.errors.flat() : [issue];
  const values = issues.flatMap((each) => (each.code === "invalid_value" ? each.values : []));
  return suggest(
    value,
    values.filter((each) => typeof each === "string"),
  );
}

/** The value in a few words. If it may be a URL, without its credentials and query. */
export function describeValue(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return kind(value);
  const text = JSON.stringify(withoutCredentials(value));
  return text.length <= 80 ? text : `${text.slice(0, 76)}..."`;
}

/** Takes anything before a colon or two slashes for a scheme, since a wrong URL is the usual case. */
function withoutCredentials(text: string): string {
  if (!/^\s*[a-z][a-z0-9+.-]*:|[\\/]{2}/i.test(text)) return text;
  return text.replace(/^(.*?(?::[\\/]*|[\\/]{2})).*@/s, `$1${MASK}@`).replace(/([?#]).*$/s, `$1${MASK}`);
}

/** The text that is shown for a value that may be a secret. */
function kind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return "a text";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Undefined: there is nothing. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
