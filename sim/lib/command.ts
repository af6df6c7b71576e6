/**
 * The command of `npm run simulate`, as a function: tests of what it refuses need no process for each.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { UsageError } from "../../scripts/lib/options.ts";
import { parse, type SimOptions, simOptions } from "./options.ts";
import { picture } from "./picture.ts";
import { report } from "./report.ts";
import { exitCodeOf, resultsOf } from "./results.ts";
import { type RouteOptions, routeOptions } from "./routes/options.ts";
import { routePicture } from "./routes/picture.ts";
import { routeReport } from "./routes/report.ts";
import { routeResults } from "./routes/results.ts";
import { loadRoutesTarget } from "./routes/target.ts";
import { RoutesWorld } from "./routes/world.ts";
import { loadTargetConfig } from "./target-config.ts";
import { USAGE } from "./usage.ts";
import { World } from "./world.ts";

const EXIT_REFUSED = 2;

/** @returns the exit code */
async function simulatePool(options: SimOptions): Promise<number> {
  const target = await loadTargetConfig(options);
  const startedMs = performance.now();
  const world = new World(options, target);
  if (options.isBrief) keepGarbageLow(world);
  await world.run();
  const tookMs = performance.now() - startedMs;
  const results = resultsOf(options, target, world);
  await show(options, { text: report(results), results, svg: () => picture(results) }, world, tookMs);
  return exitCodeOf(results.promises);
}

/** @returns the exit code */
async function simulateRoutes(options: RouteOptions): Promise<number> {
  const target = await loadRoutesTarget(options);
  const startedMs = performance.now();
  const world = await new RoutesWorld(options, target).run();
  const tookMs = performance.now() - startedMs;
  const results = routeResults(options, target, world);
  const shown = { text: routeReport(results), results, svg: () => routePicture(results) };
  await show(options.common, shown, world, tookMs);
  return exitCodeOf(results.promises);
}

interface Shown {
  readonly text: string;
  readonly results: object;
  readonly svg: () => string;
}

async function show(
  { out, json }: SimOptions,
  { text, results, svg }: Shown,
  { queue }: Pick<World, "queue">,
  tookMs: number,
): Promise<void> {
  console.log(text);
  const memoryMb = process.memoryUsage().rss / 1e6;
  console.error(`\n${queue.events} events in ${(tookMs / 1_000).toFixed(1)} s, ${memoryMb.toFixed(0)} MB`);
  if (out !== null) await write("--out", out, svg());
  if (json !== null) await write("--json", json, `${JSON.stringify(results, null, 2)}\n`);
}

/**
 * Nearly all that a large run keeps lasts as long as the run, and room for as much garbage beside it would double its
 * memory. While isolates come up, more room is left: the less there is, the more often all of it is looked through.
 */
function keepGarbageLow({ queue }: World): void {
  setFlagsFromString("--heap-growing-percent=50");
  queue.at(0, () => setFlagsFromString("--heap-growing-percent=15"));
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

/**
 * Simulates, and prints to standard output what came of it, or to standard error what is wrong with the arguments.
 * @param args those after the command's name
 * @returns the exit code: 0 if all promises hold, 1 if one is broken, 2 if the arguments or the configuration are refused
 */
export async function simulateCommand(args: readonly string[]): Promise<number> {
  try {
    const flags = parse(args);
    if (flags.help === true) {
      console.log(USAGE);
      return 0;
    }
    const routes = routeOptions(flags);
    return routes === null ? await simulatePool(simOptions(flags)) : await simulateRoutes(routes);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return EXIT_REFUSED;
  }
}
