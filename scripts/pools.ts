/**
 * `npm run pools -- COMMAND ...`: the command line for configurations and for a balancer that runs.
 * @module
 */
import { watchOutput } from "./lib/terminal/output.ts";
import { EXIT } from "./pools/command.ts";
import { runCommand } from "./pools/commands.ts";

let isOutputLost = false;
watchOutput((reason) => {
  console.error(`standard output cannot be written: ${reason}`);
  isOutputLost = true;
});
const code = await runCommand(process.argv.slice(2));
// Decided at the end: an error of the output comes after what was written.
process.once("exit", () => {
  process.exitCode = isOutputLost ? EXIT.failed : code;
});
