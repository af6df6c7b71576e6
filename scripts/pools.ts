/**
 * `npm run pools -- COMMAND ...`: works on configuration files.
 * @module
 */
import { parseArgs } from "node:util";
import { implicitPool } from "../src/config/routing.ts";
import type { ConfigFile } from "../src/config/schema.ts";
import { loadConfigFile } from "./lib/config-file.ts";
import { importCommand } from "./lib/import/command.ts";
import { UsageError } from "./lib/options.ts";

const EXIT_OK = 0;
const EXIT_REFUSED = 2;

interface Subcommand {
  readonly usage: string;
  readonly does: string;
  /** Runs on the arguments after the command's name; gives the exit code. */
  run(args: string[]): Promise<number>;
}

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  check: {
    usage: "check FILE [--local]",
    does: "validate FILE; --local allows origins at IP addresses and localhost",
    run: check,
  },
  import: importCommand,
};

async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { local: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError("check takes one file");
  const loaded = await loadConfigFile(file, { allowIpOrigins: values.local });
  if (!loaded.ok) {
    for (const error of loaded.errors) console.error(error);
    return EXIT_REFUSED;
  }
  console.log(summary(file, loaded.config));
  return EXIT_OK;
}

function summary(file: string, config: ConfigFile): string {
  const pools = Object.entries(config.pools);
  const lines = [
    `${file}: ok`,
    config.routes.length === 0
      ? withoutRoutes(Object.keys(config.pools))
      : count(config.routes.length, "route"),
    ...pools.map(([id, pool]) => `pool ${id}: ${pool.algorithm}, ${count(pool.origins.length, "origin")}`),
  ];
  return lines.join("\n");
}

function withoutRoutes(poolIds: readonly string[]): string {
  const pool = implicitPool(poolIds);
  if (pool === null) return 'no routes, and no pool "default": every request is answered 404';
  return `no routes: everything goes to pool ${pool}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function usage(): string {
  const commands = Object.values(SUBCOMMANDS).map(({ usage, does }) => `  ${usage.padEnd(34)}${does}`);
  return [
    "Usage: npm run pools -- COMMAND",
    ...commands,
    "",
    `Exit code: ${EXIT_OK} fine, ${EXIT_REFUSED} wrong usage or a configuration with errors.`,
  ].join("\n");
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") {
    console.log(usage());
    return EXIT_OK;
  }
  try {
    const command = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (command === undefined) {
      throw new UsageError(name === undefined ? "a command is missing" : `unknown command "${name}"`);
    }
    return await command.run(args);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`${error.message}\n\n${usage()}`);
    return EXIT_REFUSED;
  }
}

/** Ours, or one that `parseArgs` throws. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
}

process.exitCode = await main(process.argv.slice(2));
