/**
 * One spelling for equal documents.
 * @module
 */

/**
 * `value` as JSON with its keys in order and no blanks: equal texts if and only if equal JSON values, whatever the
 * order of the keys was. For comparing and hashing.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
