/**
 * `npm run pools -- COMMAND ...`: the command line for configurations and for a balancer that runs. A command is a
 * module in `scripts/pools/` and a line in the table below.
 * @module
 */
import { ApiProblem } from "./lib/admin-client.ts";
import { Failure } from "./lib/failure.ts";
import { UsageError } from "./lib/options.ts";
import { watchOutput } from "./lib/terminal/output.ts";
import { check } from "./pools/check.ts";
import { checkNow } from "./pools/check-now.ts";
import { type Command, EXIT } from "./pools/command.ts";
import { diff } from "./pools/diff.ts";
import { drain, undrain } from "./pools/drain.ts";
import { events } from "./pools/events.ts";
import { explain } from "./pools/explain.ts";
import { importCommand } from "./pools/import.ts";
import { disable, enable, weight } from "./pools/origin-edit.ts";
import { pull } from "./pools/pull.ts";
import { push } from "./pools/push.ts";
import { shed } from "./pools/shed.ts";
import { status } from "./pools/status.ts";
import { tail } from "./pools/tail.ts";
import { rollback, versions } from "./pools/versions.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  check,
  diff,
  push,
  pull,
  explain,
  status,
  events,
  tail,
  drain,
  undrain,
  weight,
  enable,
  disable,
  shed,
  "check-now": checkNow,
  versions,
  rollback,
  import: importCommand,
};

const HELP_FLAGS: ReadonlySet<string | undefined> = new Set(["--help", "-h", "help"]);

async function main([name, ...args]: string[]): Promise<number> {
  if (HELP_FLAGS.has(name)) {
    console.log(overview());
    return EXIT.ok;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const reason = name === undefined ? "a command is missing" : `unknown command "${name}"`;
    console.error(`${reason}\n\n${overview()}`);
    return EXIT.refused;
  }
  if (args.includes("--help") || args.includes("-h")) {
    console.log(manual(command));
    return EXIT.ok;
  }
  return await run(command, args);
}

async function run(command: Command, args: string[]): Promise<number> {
  try {
    return await command.run(args);
  } catch (error) {
    if (isUsageError(error)) {
      console.error(`${error.message}\n\nUsage: npm run pools -- ${command.usage}\n--help tells more`);
      return EXIT.refused;
    }
    console.error(error instanceof Failure ? error.message : `this should not happen: ${String(error)}`);
    for (const { message } of error instanceof ApiProblem ? error.errors : []) console.error(message);
    return EXIT.failed;
  }
}

function overview(): string {
  // Without their options.
  const commands = Object.values(COMMANDS).map(
    ({ usage, does }) => [usage.split(" [")[0] ?? "", does] as const,
  );
  const width = Math.max(...commands.map(([usage]) => usage.length));
  return [
    "Usage: npm run pools -- COMMAND",
    "",
    ...commands.map(([usage, does]) => `  ${usage.padEnd(width)}   ${does}`),
    "",
    "npm run pools -- COMMAND --help tells a command's options; docs/command-line.md has examples.",
    "Exit code: 0 done, or yes; 1 no: it differs, nothing would serve the request, the origin is not empty;",
    "2 wrong usage, a configuration with errors, or not confirmed; 3 it could not be done; 130 Ctrl-C.",
  ].join("\n");
}

function manual({ usage, does, options }: Command): string {
  return [`Usage: npm run pools -- ${usage}`, "", does, ...(options === undefined ? [] : ["", options])].join(
    "\n",
  );
}

/** Ours, or one that `parseArgs` throws. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
}

let isOutputLost = false;
watchOutput((reason) => {
  console.error(`standard output cannot be written: ${reason}`);
  isOutputLost = true;
});
const code = await main(process.argv.slice(2));
// Decided at the end: an error of the output comes after what was written.
process.once("exit", () => {
  process.exitCode = isOutputLost ? EXIT.failed : code;
});
