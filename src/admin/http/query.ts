/**
 * Reads and checks a request's query. One way for all endpoints: what is no good is refused and never passed over, because a
 * misspelt filter would look as if nothing had happened.
 * @module
 */
import * as z from "zod";
import { errorsOf, formatPath, shownErrors } from "../../config/errors.ts";
import { decoded, strictlyDecoded } from "../../config/query-values.ts";
import { Problem } from "./problems.ts";

/** Errors that are told of one query. */
const MOST_TOLD = 20;
/** Characters of a name that nobody knows, which are shown. */
const MOST_SHOWN = 60;

type QueryError = { path: string; message: string };

/**
 * The parameters of `url` with defaults filled in. A parameter that is a list has commas between its items.
 * @param schema absent: there are no parameters
 * @throws Problem 400, with each parameter that is not known, stands more than once, is not UTF-8, or has a value that it
 *     cannot have
 */
export function readQuery<Q extends z.ZodObject>(schema: Q, url: string): z.output<Q> {
  const { shape } = schema;
  const errors: QueryError[] = [];
  const values = new Map<string, unknown>();
  for (const [name, value] of pairsOf(url)) {
    if (!Object.hasOwn(shape, name)) errors.push(queryError(name, unknownRule(Object.keys(shape))));
    else if (values.has(name)) errors.push(queryError(name, "stands more than once"));
    else if (value === null) errors.push(queryError(name, "is not UTF-8 in percent-encoding"));
    else values.set(name, isList(shape[name]) ? value.split(",") : value);
  }
  const read = Object.fromEntries(values);
  const parsed = schema.safeParse(read);
  if (parsed.success && errors.length === 0) return parsed.data;
  const wrong = errorsOf(parsed.error?.issues ?? [], schema, read, []);
  const all = [...errors, ...shownErrors(wrong)];
  throw refusal(all.slice(0, MOST_TOLD));
}

/** Its items are separated by commas, in the OpenAPI document too. */
export function isList(schema: unknown): boolean {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodArray;
}

function refusal(errors: readonly QueryError[]): Problem {
  return new Problem("bad_request", { detail: errors.map(({ message }) => message).join("\n"), errors });
}

function queryError(name: string, rule: string): QueryError {
  const path = formatPath([name.slice(0, MOST_SHOWN)]);
  return { path, message: `${path}: ${rule}` };
}

function unknownRule(names: readonly string[]): string {
  const there = names.length === 0 ? "there is none here" : `there are ${names.join(", ")}`;
  return `no parameter of this endpoint, ${there}`;
}

/**
 * Names and values as forms write them; a value is null if it cannot be read, of which `URLSearchParams` would make
 * U+FFFD.
 */
function pairsOf(url: string): [name: string, value: string | null][] {
  const parts = new URL(url).search.slice(1).split("&");
  return parts
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const [name, value] = equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
      return [decoded(name), strictlyDecoded(value)];
    });
}
