/**
 * `npm run deploy`: the Worker to Cloudflare.
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { parseArgs } from "node:util";
import { type DeployOptions, type DeployTools, deploy } from "./lib/deploy/deploy.ts";
import { declaredBindings } from "./lib/deploy/undeclared.ts";
import { Failure } from "./lib/failure.ts";
import { UsageError } from "./lib/options.ts";
import { PROJECT } from "./lib/project.ts";
import { requireModule } from "./lib/require-module.ts";
import { KvStore } from "./lib/stores/kv-store.ts";
import { inEnvironment, runWrangler } from "./lib/wrangler.ts";

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;
/** The first configuration is read from one of these files. */
const CONFIG_FILES = ["pools.jsonc", "pools.json"];

const USAGE = `Usage: npm run deploy -- [OPTIONS] [-- WRANGLER OPTIONS]

  --config FILE   the first configuration, for an empty KV (default: pools.jsonc or pools.json, if there is one)
  --env, -e NAME  the environment NAME of wrangler.toml: its Worker, its secrets and its KV
  --dry-run       check the configuration, build, and say what a deploy would do; needs no account
  --help          this text

Secrets that wrangler.toml requires and the Worker does not have yet are taken from the environment (ADMIN_TOKEN,
AFFINITY_SECRET), or asked for, or made.
Exit code: 0 done, 1 not deployed, 2 wrong usage or a configuration with errors; then nothing was changed.`;

function parseOptions(args: string[]): DeployOptions | "help" {
  const { values, positionals } = parseArgs({
    args,
    options: {
      config: { type: "string" },
      env: { type: "string", short: "e" },
      "dry-run": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return "help";
  const before = args.includes("--") ? args.indexOf("--") : args.length;
  const stray = positionals.find((positional) => args.indexOf(positional) < before);
  if (stray !== undefined) throw new UsageError(`what is ${JSON.stringify(stray)} for?`);
  const found = CONFIG_FILES.find((name) => existsSync(join(PROJECT, name)));
  const { env, more } = environmentIn(positionals);
  return { config: values.config ?? found ?? null, dryRun: values["dry-run"], env: values.env ?? env, more };
}

/** The environment that wrangler's own options name. Secrets and KV must be those of the Worker that is deployed. */
function environmentIn(options: readonly string[]): Pick<DeployOptions, "env" | "more"> {
  const at = options.findIndex((option) => /^(--env|-e)(=|$)/.test(option));
  const option = options[at];
  if (option === undefined) return { env: null, more: options };
  const isJoined = option.includes("=");
  const env = isJoined ? option.slice(option.indexOf("=") + 1) : options[at + 1];
  if (env === undefined || env === "") throw new UsageError("--env: a value is missing");
  return { env, more: options.toSpliced(at, isJoined ? 1 : 2) };
}

function tools(env: string | null): DeployTools {
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;
  const wrangler = requireModule<typeof import("wrangler")>("wrangler");
  const config = wrangler.unstable_readConfig({
    config: join(PROJECT, "wrangler.toml"),
    ...(env === null ? {} : { env }),
  });
  const wranglerFile = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  return {
    env: process.env,
    ask: isInteractive ? askHidden : null,
    required: config.secrets?.required ?? [],
    declared: declaredBindings(config),
    wrangler: runWrangler,
    show: (args, env = {}) => inTerminal([wranglerFile, ...args], env),
    push: (file) => inTerminal(["scripts/pools.ts", "push", file, "--remote", ...inEnvironment(env)]),
    stored: async () => (await KvStore.remote(env).read()).size,
    print: (text) => console.log(text),
    complain: (text) => console.error(text),
  };
}

function inTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    stdio: "inherit",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", ...env },
  });
  return new Promise((ended, failed) => {
    child.on("error", failed);
    child.on("close", (code) => ended(code ?? EXIT_FAILED));
  });
}

/** Asks for a secret; the terminal does not show the answer while it is typed. */
async function askHidden(question: string): Promise<string> {
  process.stdout.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stdout.write("\n");
  }
}

async function main(args: string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === "help") {
      console.log(USAGE);
      return 0;
    }
    return (await deploy(options, tools(options.env))) ? 0 : EXIT_REFUSED;
  } catch (error) {
    if (error instanceof Failure) {
      console.error(error.message);
      return EXIT_FAILED;
    }
    const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE");
    if (!isUsage || !(error instanceof Error)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return EXIT_REFUSED;
  }
}

process.exitCode = await main(process.argv.slice(2));
