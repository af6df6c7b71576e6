/**
 * Figures as text: numbers, and tables of them.
 * @module
 */

/** Aligns columns: the first one left, the others right; the last one is not padded. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [names, ...rows];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const isText = names.map((_, column) => rows.some((row) => /^[a-z]/i.test(row[column] ?? "")));
  const render = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        isText[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return lines.map(render).join("\n");
}

export function count(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
