/**
 * The commands of `npm run pools`, as a function: tests of what they refuse need no process for each. A command is a
 * module in this folder and a line in the table below.
 * @module
 */
import { ApiProblem } from "../lib/admin-client.ts";
import { Failure } from "../lib/failure.ts";
import { UsageError } from "../lib/options.ts";
import { type Command, EXIT } from "./command.ts";

/** A command's modules are loaded when it is the one to run: those of all take longer than most commands run. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  check: async () => (await import("./check.ts")).check,
  diff: async () => (await import("./diff.ts")).diff,
  push: async () => (await import("./push.ts")).push,
  pull: async () => (await import("./pull.ts")).pull,
  explain: async () => (await import("./explain.ts")).explain,
  status: async () => (await import("./status.ts")).status,
  events: async () => (await import("./events.ts")).events,
  tail: async () => (await import("./tail.ts")).tail,
  drain: async () => (await import("./drain.ts")).drain,
  undrain: async () => (await import("./drain.ts")).undrain,
  weight: async () => (await import("./origin-edit.ts")).weight,
  enable: async () => (await import("./origin-edit.ts")).enable,
  disable: async () => (await import("./origin-edit.ts")).disable,
  shed: async () => (await import("./shed.ts")).shed,
  "check-now": async () => (await import("./check-now.ts")).checkNow,
  versions: async () => (await import("./versions.ts")).versions,
  rollback: async () => (await import("./versions.ts")).rollback,
  import: async () => (await import("./import.ts")).importCommand,
};

const HELP_FLAGS: ReadonlySet<string | undefined> = new Set(["--help", "-h", "help"]);

/**
 * Runs the command that the first argument names.
 * @param args those after `npm run pools --`
 * @returns the exit code, one of `EXIT`
 */
export async function runCommand([name, ...args]: string[]): Promise<number> {
  if (HELP_FLAGS.has(name)) {
    console.log(await overview());
    return EXIT.ok;
  }
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const reason = name === undefined ? "a command is missing" : `unknown command "${name}"`;
    console.error(`${reason}\n\n${await overview()}`);
    return EXIT.refused;
  }
  const command = await load();
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

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  // Without their options.
  const commands = all.map(({ usage, does }) => [usage.split(" [")[0] ?? "", does] as const);
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
