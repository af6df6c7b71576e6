/**
 * `push FILE`: puts a configuration in force.
 * @module
 */
import { parseArgs } from "node:util";
import { ApiProblem } from "../lib/admin-client.ts";
import { type DocumentChange, documentName } from "../lib/config-changes.ts";
import type { GoodConfig } from "../lib/config-file.ts";
import { Failure } from "../lib/failure.ts";
import type { ConfigStore } from "../lib/stores/config-store.ts";
import { canAsk, confirm } from "../lib/terminal/confirm.ts";
import { count } from "../lib/terminal/format.ts";
import { paintFor } from "../lib/terminal/paint.ts";
import { goesNowhere } from "../lib/without-routes.ts";
import { type Command, EXIT } from "./command.ts";
import { printChanges } from "./diff.ts";
import { type Comparison, compareFile, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from "./store-options.ts";

const OPTIONS = {
  ...STORE_OPTIONS,
  yes: { type: "boolean", short: "y", default: false },
  keep: { type: "boolean", default: false },
  message: { type: "string", short: "m" },
} as const;

export const push: Command = {
  usage: `push FILE ${STORE_USAGE} [--yes | --keep]`,
  does: "put FILE in force: shows what changes, and asks before it removes anything",
  options: `${STORE_HELP}
  --yes, -y    remove pools and routes that FILE does not have, without asking
  --keep       leave them alone
  --message, -m TEXT   why, for the versions and events (with --url)`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const compared = await compareFile("push", values, positionals);
    if (compared === null) return EXIT.refused;
    const { file, store, loaded, changes: all } = compared;
    const changes = values.keep ? all.filter(({ text }) => text !== null) : all;
    if (changes.length === 0) {
      console.log(`nothing to do: ${store.name} has what ${file} says`);
      return EXIT.ok;
    }
    const nowhere = wouldGoNowhere(compared, changes);
    console.log(`${file} -> ${store.name}\n`);
    if (nowhere !== null) console.log(`warning: ${nowhere}\n`);
    printChanges(changes, paintFor(process.stdout));
    if (!values.yes && !(await mayRemove(changes, store))) return EXIT.refused;
    await write(changes, store, loaded);
    console.log(`in force ${store.inForce}`);
    return EXIT.ok;
  },
};

/** Why requests would reach no pool once `changes` are made; null: they do. What `--keep` leaves alone counts. */
function wouldGoNowhere(
  { loaded, changes: all }: Comparison,
  changes: readonly DocumentChange[],
): string | null {
  const isKept = all.some((change) => change.text === null && !changes.includes(change));
  return isKept ? null : goesNowhere(loaded.config);
}

/** Asks, if documents are to go. */
async function mayRemove(changes: readonly DocumentChange[], store: ConfigStore): Promise<boolean> {
  const gone = changes.filter(({ text }) => text === null).map(({ key }) => documentName(key));
  if (gone.length === 0) return true;
  const removal = `remove ${gone.join(", ")} from ${store.name}`;
  if (canAsk()) return await confirm(`\nReally ${removal}?`, "nothing written");
  console.error(
    `nothing written: this would ${removal}. Confirm that with --yes, or leave what FILE does not have with --keep`,
  );
  return false;
}

async function write(
  changes: readonly DocumentChange[],
  store: ConfigStore,
  { complain }: GoodConfig,
): Promise<void> {
  let done = 0;
  const written = (key: string, what: string) => {
    done++;
    console.log(`${documentName(key)}: ${what}`);
  };
  console.log();
  try {
    for (const step of steps(changes)) await store.write(step, written);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const errors = error instanceof ApiProblem ? error.errors : [];
    for (const { path, message } of errors) console.error(complain(path, message));
    const rest = `${done === 0 ? "nothing" : `only ${count(done, "document")} of ${changes.length}`} was written`;
    throw new Failure(`${error.message}\n${rest}`);
  }
}

/** Each is to be done before the next begins: no route may ever name a pool that is not there. */
function steps(changes: readonly DocumentChange[]): DocumentChange[][] {
  const isPool = ({ key }: DocumentChange) => key.startsWith("pool:");
  return [
    changes.filter((change) => isPool(change) && change.text !== null),
    changes.filter((change) => !isPool(change)),
    changes.filter((change) => isPool(change) && change.text === null),
  ].filter((step) => step.length > 0);
}
