/**
 * Texts with placeholders, such as `https://{host}{target}`: parsed once, filled in per request. `{{` and `}}` stand
 * for one brace.
 * @module
 */

export const HEADER_PLACEHOLDERS = [
  "client_ip",
  "country",
  "region",
  "colo",
  "request_id",
  "host",
  "path",
  "pool",
  "origin",
] as const;
export const LOCATION_PLACEHOLDERS = ["host", "path", "target", "query"] as const;

export type Placeholder = (typeof HEADER_PLACEHOLDERS)[number] | (typeof LOCATION_PLACEHOLDERS)[number];

/** Gives the value of a placeholder; empty: unknown. */
export type Fill = (placeholder: Placeholder) => string;

type Piece = { readonly text: string } | { readonly placeholder: Placeholder };

const PIECE = /\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g;

/** The pieces of `text`; null: a brace is single, or a name is not in `known`. */
function piecesOf(text: string, known: readonly Placeholder[]): Piece[] | null {
  const pieces: Piece[] = [];
  for (const found of text.match(PIECE) ?? []) {
    if (found === "{{" || found === "}}") pieces.push({ text: found.slice(1) });
    else if (!/^[{}]/.test(found)) pieces.push({ text: found });
    else {
      const placeholder = known.find((name) => `{${name}}` === found);
      if (placeholder === undefined) return null;
      pieces.push({ placeholder });
    }
  }
  return pieces;
}

/** True if every brace of `text` belongs to a placeholder that is known, or is doubled. */
export function hasOnly(text: string, known: readonly Placeholder[]): boolean {
  return piecesOf(text, known) !== null;
}

/** @throws RangeError if `hasOnly` is false: the configuration was checked */
export function compileText(text: string, known: readonly Placeholder[]): (fill: Fill) => string {
  const pieces = piecesOf(text, known);
  if (pieces === null) throw new RangeError(`unknown placeholder in ${text}`);
  if (pieces.every((piece) => "text" in piece)) {
    const constant = pieces.map((piece) => ("text" in piece ? piece.text : "")).join("");
    return () => constant;
  }
  return (fill) => {
    let result = "";
    for (const piece of pieces) result += "text" in piece ? piece.text : fill(piece.placeholder);
    return result;
  };
}
