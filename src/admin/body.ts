/**
 * Reads and checks what a request brings.
 * @module
 */
import * as z from "zod";
import { errorsOf, formatPath } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import { Problem } from "./problems.ts";

/** A row of the object's SQLite holds 2 MB, and a document is one (PLATFORM: Durable Objects). */
export const MOST_BYTES = 1_900_000;

/** @throws Problem if it has more than `mostBytes` bytes */
export async function readText(request: Request, mostBytes: number): Promise<string> {
  const tooLarge = new Problem("too_large", { detail: `A document may have ${mostBytes} bytes.` });
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge;
  const text = await request.text();
  // UTF-8 takes at most three bytes for what is one unit of a text here.
  if (text.length * 3 > mostBytes && new TextEncoder().encode(text).length > mostBytes) throw tooLarge;
  return text;
}

/** @returns undefined if there is no body */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, MOST_BYTES);
  if (text.trim() === "") return undefined;
  const value = parseJson(text);
  if (value === undefined) throw new Problem("bad_request", { detail: "The body is not JSON." });
  return value;
}

/** A whole number of a query, within these bounds. */
export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int(error).min(least, error).max(most, error);
}

/** `value` with defaults filled in. @throws Problem with each error's path and rule */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = errorsOf(parsed.error.issues, schema, value, []);
  throw new Problem("invalid", {
    errors: errors.map(({ path, message }) => ({ path: formatPath(path), message })),
  });
}
