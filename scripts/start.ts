/**
 * `npm start`: the balancer on this machine, in the real runtime. Standard output carries the demo's text and the
 * line `ready http://127.0.0.1:PORT`; everything else goes to standard error.
 * @module
 */
import { launch } from "./lib/launch.ts";
import { parseOptions, USAGE, UsageError } from "./lib/options.ts";

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else process.exitCode = await launch(options);
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = EXIT_REFUSED;
  } else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = EXIT_FAILED;
  }
}
