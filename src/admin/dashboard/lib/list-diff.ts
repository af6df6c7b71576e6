/**
 * What changed in a list whose order matters, as a line for each entry.
 * @module
 */

export interface ListLine {
  what: "same" | "added" | "removed";
  text: string;
  /** From 1: its place before if it was removed, else its place now. */
  at: number;
}

/** By the longest common subsequence: what moved is removed and added. Takes the product of both lengths in room. */
export function listDiff(before: readonly string[], after: readonly string[]): ListLine[] {
  // common[i][j]: how many entries before[i...] and after[j...] have in common, in their order.
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const shared = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = common[i];
      if (row === undefined) continue;
      row[j] =
        before[i] === after[j] ? shared(i + 1, j + 1) + 1 : Math.max(shared(i + 1, j), shared(i, j + 1));
    }
  }
  const lines: ListLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old = "", now = ""] = [before[i], after[j]];
    if (i < before.length && j < after.length && old === now) {
      lines.push({ what: "same", text: now, at: ++j });
      i++;
    } else if (i < before.length && (j === after.length || shared(i + 1, j) >= shared(i, j + 1))) {
      lines.push({ what: "removed", text: old, at: ++i });
    } else lines.push({ what: "added", text: now, at: ++j });
  }
  return lines;
}

/** The lines that changed, each with its neighbours. */
export function nearChanges(lines: readonly ListLine[]): ListLine[] {
  const isChanged = (index: number): boolean => (lines[index]?.what ?? "same") !== "same";
  return lines.filter((_, index) => isChanged(index - 1) || isChanged(index) || isChanged(index + 1));
}
