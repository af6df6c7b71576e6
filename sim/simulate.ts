/**
 * `npm run simulate`: shows what the balancer would do with a configuration, before it is deployed.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { UsageError } from "../scripts/lib/options.ts";
import { parseOptions, type SimOptions, USAGE } from "./lib/options.ts";
import { picture } from "./lib/picture.ts";
import { report } from "./lib/report.ts";
import { exitCodeOf, resultsOf } from "./lib/results.ts";
import { loadTargetConfig } from "./lib/target-config.ts";
import { World } from "./lib/world.ts";

const EXIT_REFUSED = 2;

/** @returns the exit code */
async function simulate(options: SimOptions): Promise<number> {
  const target = await loadTargetConfig(options);
  const startedMs = performance.now();
  const world = new World(options, target);
  if (options.isBrief) keepGarbageLow(world);
  await world.run();
  const tookS = (performance.now() - startedMs) / 1_000;
  const results = resultsOf(options, target, world);
  console.log(report(results));
  const memoryMb = process.memoryUsage().rss / 1e6;
  console.error(`\n${world.queue.events} events in ${tookS.toFixed(1)} s, ${memoryMb.toFixed(0)} MB`);
  if (options.out !== null) await write("--out", options.out, picture(results));
  if (options.json !== null) await write("--json", options.json, `${JSON.stringify(results, null, 2)}\n`);
  return exitCodeOf(results.promises);
}

/**
 * Nearly all that a large run keeps lasts as long as the run, and room for as much garbage beside it would double its
 * memory. While isolates come up, more room is left: the less there is, the more often all of it is looked through.
 */
function keepGarbageLow({ queue }: World): void {
  setFlagsFromString("--heap-growing-percent=50");
  queue.at(0, () => setFlagsFromString("--heap-growing-percent=25"));
}

async function write(flag: string, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new UsageError(
      `${flag}: ${path} cannot be written: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options !== "help") return await simulate(options);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return EXIT_REFUSED;
  }
}

process.exitCode = await main(process.argv.slice(2));
