/**
 * `npm start`: the balancer on this machine, in the real runtime. Standard output carries the demo's text and the
 * line `ready http://127.0.0.1:PORT`; everything else goes to standard error.
 * @module
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { parseOptions, type StartOptions, USAGE, UsageError } from "./lib/options.ts";
import { PROJECT } from "./lib/project.ts";

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else process.exitCode = await start(options);
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_REFUSED;
  } else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = EXIT_FAILED;
  }
}

/** Loads the other modules, which takes most of a start's time, so compiled code is taken from the cache. */
async function start(options: StartOptions): Promise<number> {
  enableCompileCache(join(PROJECT, "node_modules/.cache/compiled"));
  const { launch } = await import("./lib/launch.ts");
  return launch(options);
}
