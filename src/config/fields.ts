/**
 * The kinds of fields that a configuration consists of. Each carries its rule in plain English; `errors.ts` adds the
 * path and the value found.
 * @module
 */
import * as z from "zod";
import { isMasked, MASKED_RULE } from "./secrets.ts";

/** A number from `min` to `max`, both included. Times are seconds, fractions allowed. */
export function number(min: number, max: number) {
  const rule = `must be a number from ${min} to ${max}`;
  return z.number({ error: rule }).min(min, rule).max(max, rule);
}

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number, rule = `must be a whole number from ${min} to ${max}`) {
  return z.int({ error: rule }).min(min, rule).max(max, rule);
}

export function flag() {
  return z.boolean({ error: "must be true or false" });
}

export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.map((value) => `"${value}"`).join(", ")}` });
}

/** A string that matches `pattern`, which should bound its length. */
export function text(pattern: RegExp, rule: string) {
  return z.string({ error: rule }).regex(pattern, rule);
}

/** A string that `accepts` returns true for, for rules that a pattern cannot express. */
export function textThat(accepts: (value: string) => boolean, rule: string) {
  return z.string({ error: rule }).refine(accepts, rule);
}

/** Refuses the mask that is shown in place of a secret, so that it does not replace the secret. */
export function unmasked(schema: z.ZodString) {
  return schema.refine((value) => !isMasked(value), MASKED_RULE);
}

/** An object with exactly these keys. */
export function object<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: "must be an object" });
}

export function list<T extends z.ZodType>(item: T, min: number, max: number) {
  const rule = `must be a list of ${min} to ${max} items`;
  return z.array(item, { error: rule }).min(min, rule).max(max, rule);
}

const ID_PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** True if `text` can name a pool or an origin. */
export function isId(text: string): boolean {
  return ID_PATTERN.test(text);
}

export function id() {
  return text(
    ID_PATTERN,
    'must be 1 to 63 lower-case letters, digits, "_" or "-", the first a letter or a digit',
  );
}
