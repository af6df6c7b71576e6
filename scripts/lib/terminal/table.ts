/** Lays text out in columns. @module */
import { stripVTControlCharacters } from "node:util";

export type Align = "left" | "right";

const GAP = "  ";

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

function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
