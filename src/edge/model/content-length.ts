/**
 * Reads how long a body is to be.
 * @module
 */

/** In bytes, as its sender says. Null: it says nothing usable; a length from 2^53 on cannot be counted, nor ever come. */
export function contentLength({ headers }: Request | Response): number | null {
  const length = Number(headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) ? length : null;
}
