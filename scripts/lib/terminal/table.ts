/** Lays text out in columns. @module */
import { stripVTControlCharacters } from "node:util";

export type Align = "left" | "right";

const GAP = "  ";
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours begin with
const COLOUR = /(\u001B\[[\d;]*m)/;

/** The rows as lines. Cells may be painted; a row may end early. */
export function table(rows: readonly (readonly string[])[], aligns: readonly Align[]): string[] {
  const widths = aligns.map((_, column) => Math.max(0, ...rows.map((row) => width(row[column] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const blanks = " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return aligns[column] === "right" ? blanks + cell : cell + blanks;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** `text` cut to `width` columns, its colours kept; an ellipsis says that it was. */
export function clip(text: string, width: number): string {
  if (stripVTControlCharacters(text).length <= width) return text;
  let left = width - 1;
  const parts = text.split(COLOUR).map((part, index) => {
    // Every other part is a colour, and each colour that was begun must be ended.
    if (index % 2 === 1) return part;
    const shown = part.slice(0, Math.max(0, left));
    const isCut = left >= 0 && part.length > left;
    left -= part.length;
    return isCut ? `${shown}…` : shown;
  });
  return parts.join("");
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
