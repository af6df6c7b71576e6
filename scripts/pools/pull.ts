/**
 * `pull FILE`: writes the configuration in force to a file.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { poolIdOfKey, ROUTES_KEY } from "../../src/config/documents.ts";
import { parseJsonc } from "../../src/config/json.ts";
import { documentName } from "../lib/config-changes.ts";
import { type LoadedConfig, loadConfigText, systemMessage } from "../lib/config-file.ts";
import { Failure } from "../lib/failure.ts";
import type { StoredDocuments } from "../lib/stores/config-store.ts";
import { count } from "../lib/terminal/format.ts";
import { writtenFile } from "../lib/written-file.ts";
import { type Command, EXIT } from "./command.ts";
import { configStore, readStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE, theFile } from "./store-options.ts";

const OPTIONS = { ...STORE_OPTIONS, force: { type: "boolean", short: "f", default: false } } as const;

export const pull: Command = {
  usage: `pull FILE ${STORE_USAGE} [--force]`,
  does: "write what is in force to FILE",
  options: `${STORE_HELP}
  --force, -f  overwrite FILE`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const file = theFile("pull", positionals);
    const store = configStore(values);
    const stored = await readStore(store, []);
    const config = configOf(stored);
    const pools = Object.keys(config.pools).length;
    if (pools === 0) throw new Failure(`${store.name} has no pools, so ${file} was not written`);
    const text = writtenFile(config, stored);
    if (!(await writeNew(file, text, values.force))) {
      console.error(`${file} is there already, and was left as it is: --force overwrites it`);
      return EXIT.refused;
    }
    console.log(
      `${file}: ${count(pools, "pool")} and ${count(config.routes?.length ?? 0, "route")} from ${store.name}`,
    );
    return report(stored, loadConfigText(text, file, store));
  },
};

/** Routes are left out where there are none. A document that no file could hold is left out too. */
function configOf(stored: StoredDocuments): { routes?: unknown[]; pools: Record<string, unknown> } {
  const routes = parseJsonc(stored.get(ROUTES_KEY)?.text ?? "[]");
  const pools = [...stored].flatMap(([key, { text }]) => {
    const id = poolIdOfKey(key);
    const pool = parseJsonc(text) ?? null;
    return id === null || pool === null ? [] : [[id, pool] as const];
  });
  return {
    ...(Array.isArray(routes) && routes.length > 0 ? { routes } : {}),
    pools: Object.fromEntries(pools.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** @returns false if there is such a file, which may not be overwritten */
async function writeNew(file: string, text: string, force: boolean): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new Failure(`${file} cannot be written: ${systemMessage(error)}`);
  }
}

/** What is wrong with the documents there, and with the file that is made of them. */
function report(stored: StoredDocuments, loaded: LoadedConfig): number {
  const refused = [...stored].filter(([, { problem }]) => problem !== null);
  for (const [key, { problem }] of refused) {
    console.error(`${documentName(key)}: what is stored there is refused: ${problem}`);
  }
  for (const error of loaded.ok ? [] : loaded.errors) console.error(error);
  return refused.length === 0 && loaded.ok ? EXIT.ok : EXIT.no;
}
