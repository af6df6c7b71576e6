/**
 * What is wrong with a configuration, in plain English: zod's issues become path, rule, what was found, and the
 * nearest valid spelling.
 * @module
 */
import type * as z from "zod";
import { keysAt } from "./schema-keys.ts";
import { suggest } from "./suggest.ts";

const UNKNOWN_KEY = "unknown key";

export type ConfigPath = readonly (string | number)[];

export interface ConfigError {
  readonly path: ConfigPath;
  /** Whether the key at the end of `path` is wrong or its value. */
  readonly at: "key" | "value";
  readonly rule: string;
  /** A short text for what stood there; `nothing` if nothing did. */
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

/** All errors of `value` against `schema`, each path behind `base`. */
export function errorsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  value: unknown,
  base: ConfigPath,
): ConfigError[] {
  const errors = flatten(issues, []).flatMap((issue) => fromIssue(issue, schema, value, base));
  // Two checks of one field (whole number, maximum) state the same rule.
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}

type Issue = { issue: z.core.$ZodIssue; path: (string | number)[] };

/** Replaces a union's issue by those of the branch that was meant, if one took the value's outer form. */
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

function fromIssue(
  { issue, path }: Issue,
  schema: z.ZodType,
  value: unknown,
  base: ConfigPath,
): ConfigError[] {
  const full = [...base, ...path];
  const there = valueAt(value, path);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key) =>
      configError(
        { path: [...full, key], at: "key", rule: UNKNOWN_KEY, found: describeValue(valueAt(there, [key])) },
        suggest(key, known),
      ),
    );
  }
  if (issue.code === "invalid_key") {
    const rule = issue.issues[0]?.message ?? issue.message;
    return [configError({ path: full, at: "key", rule, found: describeValue(path.at(-1)) })];
  }
  // A probe's headers may hold credentials.
  const found = foundIn(issue) ?? (path.at(-2) === "headers" ? kind(there) : describeValue(there));
  return [configError({ path: full, at: "value", rule: issue.message, found }, suggestValue(issue, there))];
}

/** What a rule over several fields found. */
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

/** The value in a few words, without a URL's credentials. */
export function describeValue(value: unknown): string {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return kind(value);
  const text = JSON.stringify(value.replace(/\/\/[^@/]*@/, "//***@"));
  return text.length <= 80 ? text : `${text.slice(0, 76)}..."`;
}

/** What is shown of a value that may be a secret. */
function kind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return "a text";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}
