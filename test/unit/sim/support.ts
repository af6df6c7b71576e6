/** Simulates a pool that is given as a document. */
import { parseOptions } from "../../../sim/lib/options.ts";
import { type Results, resultsOf } from "../../../sim/lib/results.ts";
import { World } from "../../../sim/lib/world.ts";
import { parsePool } from "../../../src/config/parse.ts";

/** @param args as on the command line; `--config` stands for itself */
export async function simulated(document: unknown, args: string): Promise<Results> {
  const options = parseOptions(["--config", "none", ...args.split(" ").filter((arg) => arg !== "")]);
  const parsed = parsePool(document);
  if (options === "help" || !parsed.ok) throw new Error(JSON.stringify(parsed));
  const subject = { pool: "web", config: parsed.value, document: JSON.stringify(document) };
  const world = await new World(options, subject).run();
  return resultsOf(options, subject, world);
}

/** Origins of the names given, or so many. */
export function origins(...ids: string[] | [number]): { id: string; url: string }[] {
  const [first] = ids;
  const names =
    typeof first === "number" ? Array.from({ length: first }, (_, i) => `o${i}`) : (ids as string[]);
  return names.map((id) => ({ id, url: `https://${id}.example.com` }));
}
