/**
 * `diff FILE`: what would a push change?
 * @module
 */
import { parseArgs } from "node:util";
import { type DocumentChange, describeChange } from "../lib/config-changes.ts";
import { count } from "../lib/terminal/format.ts";
import { type Paint, paintFor } from "../lib/terminal/paint.ts";
import { type Command, EXIT } from "./command.ts";
import { compareFile, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from "./store-options.ts";

export const diff: Command = {
  usage: `diff FILE ${STORE_USAGE}`,
  does: "show what a push of FILE would change; exit code 1 if that is anything",
  options: STORE_HELP,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: STORE_OPTIONS, allowPositionals: true });
    const compared = await compareFile("diff", values, positionals);
    if (compared === null) return EXIT.refused;
    const { file, store, changes } = compared;
    if (changes.length === 0) {
      console.log(`${store.name} has what ${file} says`);
      return EXIT.ok;
    }
    console.log(`- ${store.name}\n+ ${file}\n`);
    printChanges(changes, paintFor(process.stdout));
    return EXIT.no;
  },
};

/** The changes, and how many they are. */
export function printChanges(changes: readonly DocumentChange[], paint: Paint): void {
  for (const change of changes) console.log(describeChange(change, paint).join("\n"));
  const removed = changes.filter(({ text }) => text === null).length;
  const added = changes.filter(({ text, stored }) => text !== null && stored === null).length;
  const parts = [
    [added, "to add"],
    [changes.length - added - removed, "to change"],
    [removed, "to remove"],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  console.log(`\n${count(changes.length, "document")}: ${told.join(", ")}`);
}
