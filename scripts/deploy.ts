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
import { unstable_readConfig } from "wrangler";
import { type DeployOptions, type DeployTools, deploy } from "./lib/deploy/deploy.ts";
import { Failure } from "./lib/failure.ts";
import { UsageError } from "./lib/options.ts";
import { PROJECT } from "./lib/project.ts";
import { KvStore } from "./lib/stores/kv-store.ts";
import { runWrangler } from "./lib/wrangler.ts";

const EXIT_FAILED = 1;
const EXIT_REFUSED = 2;
/** Where the first configuration is looked for. */
const CONFIG_FILES = ["pools.jsonc", "pools.json"];

const USAGE = `Usage: npm run deploy -- [OPTIONS] [-- WRANGLER OPTIONS]

  --config FILE   the first configuration, for an empty KV (default: pools.jsonc or pools.json, if there is one)
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
  return { config: values.config ?? found ?? null, dryRun: values["dry-run"], more: positionals };
}

function tools(): DeployTools {
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;
  const wranglerFile = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  return {
    env: process.env,
    ask: isInteractive ? askHidden : null,
    required: unstable_readConfig({ config: join(PROJECT, "wrangler.toml") }).secrets?.required ?? [],
    wrangler: runWrangler,
    show: (args, env = {}) => inTerminal([wranglerFile, ...args], env),
    push: (file) => inTerminal(["scripts/pools.ts", "push", file, "--remote"]),
    stored: async () => (await KvStore.remote().read()).size,
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

/** What is typed is not shown. */
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
    return (await deploy(options, tools())) ? 0 : EXIT_REFUSED;
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
