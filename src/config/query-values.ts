/**
 * The values of a query's parameters, decoded as forms encode them.
 * @module
 */

/** @param query as the client wrote it, without `?`. A value that is not properly encoded stays as it is. */
export function queryValues(query: string, name: string): string[] {
  if (query === "") return [];
  return query.split("&").flatMap((part) => {
    const equals = part.indexOf("=");
    const written = equals < 0 ? part : part.slice(0, equals);
    if (decoded(written) !== name) return [];
    return [equals < 0 ? "" : decoded(part.slice(equals + 1))];
  });
}

/** A part of a query, decoded. One that is not properly encoded stays as it is. */
export function decoded(text: string): string {
  return strictlyDecoded(text) ?? text;
}

/** Null: it is not properly encoded. */
export function strictlyDecoded(text: string): string | null {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}
