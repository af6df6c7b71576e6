/**
 * Finds the tables of docs/operations.md. Each one is between a comment with the command that prints it and
 * `<!-- end -->`.
 * @module
 */

const BLOCK = /<!-- npm run cost -- (.+?) -->\n([\s\S]*?)<!-- end -->/g;

export interface CostTable {
  /** Arguments after `npm run cost --`. */
  readonly args: readonly string[];
  readonly shown: string;
}

export function costTables(docs: string): CostTable[] {
  return Array.from(docs.matchAll(BLOCK), ([, command = "", shown = ""]) => ({
    args: command.split(" "),
    shown: shown.trim(),
  }));
}

/** @param print returns the output of a command, as markdown */
export function withCostTables(docs: string, print: (args: readonly string[]) => string): string {
  return docs.replace(BLOCK, (_, command: string) => {
    return `<!-- npm run cost -- ${command} -->\n\n${print(command.split(" "))}\n\n<!-- end -->`;
  });
}
