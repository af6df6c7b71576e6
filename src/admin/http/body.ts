/**
 * Reads and checks a request's body and query.
 * @module
 */
import * as z from "zod";
import { MOST_DOCUMENT_BYTES, readText } from "../../config/canonical.ts";
import { errorsOf, shownErrors } from "../../config/errors.ts";
import { Problem } from "./problems.ts";

/** Reads no more than the bound, whatever length was announced. @throws Problem if there are more than `mostBytes` */
export async function readBody(request: Request, mostBytes: number): Promise<string> {
  const tooLarge = new Problem("too_large", { detail: `A document may have ${mostBytes} bytes.` });
  if (Number(request.headers.get("content-length") ?? 0) > mostBytes) throw tooLarge;
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  // Else a wrong byte would come into force as another character.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return text + decoded(() => decoder.decode());
    bytes += value.byteLength;
    if (bytes > mostBytes) {
      // Not awaited: the answer must not wait for a sender that has no end.
      reader.cancel(tooLarge).catch(() => undefined);
      throw tooLarge;
    }
    text += decoded(() => decoder.decode(value, { stream: true }));
  }
}

function brokenOff(): never {
  throw new Problem("bad_request", { detail: "The body broke off." });
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw new Problem("bad_request", { detail: "The body is not UTF-8." });
  }
}

/** A body with its comments, and what it says; `value` undefined: there is no body. */
export async function readJson(request: Request): Promise<{ text: string; value: unknown }> {
  const text = await readBody(request, MOST_DOCUMENT_BYTES);
  if (text.trim() === "") return { text, value: undefined };
  const content = readText(text);
  if (content.ok) return { text, value: content.value };
  if (!content.isJson) throw new Problem("bad_request", { detail: `The body, ${content.reason}.` });
  const errors = content.reason.split("\n").map((message) => ({ path: "", message }));
  throw new Problem("invalid", { errors });
}

/** A whole number of a query, within these bounds. */
export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return inDigits(z.number({ error }).int(error).min(least, error).max(most, error));
}

const DIGITS = /^\d{1,16}$/;

/** A number, or a text of its digits: an empty text is no 0. */
export function inDigits(number: z.ZodNumber) {
  const read = (value: unknown) => (typeof value === "string" && DIGITS.test(value) ? Number(value) : value);
  return z.preprocess(read, number);
}

/** `value` with defaults filled in. @throws Problem with each error's path and rule */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  const errors = errorsOf(parsed.error?.issues ?? [], schema, value, []);
  if (parsed.success && errors.length === 0) return parsed.data;
  throw new Problem("invalid", { errors: shownErrors(errors) });
}
