/**
 * Deploys the Worker: checks what can be checked before anything is changed, sets the secrets a first deploy needs,
 * and brings the first configuration to an empty KV.
 * @module
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfigFile } from "../config-file.ts";
import { Failure } from "../failure.ts";
import { inEnvironment, WranglerError } from "../wrangler.ts";
import { existingSecrets } from "./existing-secrets.ts";
import { type ChosenSecrets, chooseSecrets, type SecretSources } from "./secrets.ts";
import { undeclaredBindings } from "./undeclared.ts";

export interface DeployOptions {
  /** The first configuration; null: there is none. */
  readonly config: string | null;
  readonly dryRun: boolean;
  /** Environment of wrangler.toml; null: the top level. */
  readonly env: string | null;
  /** Further arguments, which wrangler gets unchanged. */
  readonly more: readonly string[];
}

/** The tools and facts that a deploy uses. */
export interface DeployTools extends SecretSources {
  /** Names of the secrets that wrangler.toml requires. */
  readonly required: readonly string[];
  /** Names of the bindings that it declares. */
  readonly declared: ReadonlySet<string>;
  /** Runs wrangler and gives its output. @throws WranglerError */
  readonly wrangler: (args: readonly string[]) => Promise<string>;
  /** Runs wrangler in this terminal. @returns its exit code */
  readonly show: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<number>;
  /** `npm run pools -- push FILE --remote`, in this terminal. @returns its exit code */
  readonly push: (file: string) => Promise<number>;
  /** How many documents KV holds. @throws Failure if it cannot be asked */
  readonly stored: () => Promise<number>;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** @returns true if everything succeeded. @throws Failure with a message for the user */
export async function deploy(options: DeployOptions, tools: DeployTools): Promise<boolean> {
  if (!(await isGood(options.config, tools))) return false;
  if (options.dryRun) return await rehearse(options, tools);
  await signIn(tools);
  const missing = await missingSecrets(tools, options);
  const secrets = await chooseSecrets(missing, tools);
  const url = await upload(secrets, options, tools);
  const isConfigured = await configure(options, tools);
  for (const line of nextSteps(url, secrets, isConfigured ? null : pushCommand("pools.jsonc", options.env)))
    tools.print(line);
  return true;
}

async function isGood(file: string | null, { complain, declared }: DeployTools): Promise<boolean> {
  if (file === null) return true;
  const loaded = await loadConfigFile(file, {});
  if (loaded.ok) {
    for (const warning of undeclaredBindings(loaded.config.pools, declared)) complain(warning);
    return true;
  }
  for (const error of loaded.errors) complain(error);
  complain("nothing was deployed");
  return false;
}

async function rehearse({ config, env, more }: DeployOptions, tools: DeployTools): Promise<boolean> {
  const { print, required } = tools;
  if ((await tools.show(["deploy", "--dry-run", ...inEnvironment(env), ...more])) !== 0) return false;
  print("\nA deploy would now:");
  print("  1. sign in to Cloudflare, unless you are or CLOUDFLARE_API_TOKEN is set");
  print(`  2. make sure that the secrets are set: ${required.join(", ") || "none is required"}`);
  print("  3. upload the Worker; the first time, make its KV namespace and its Durable Objects");
  print(
    config === null
      ? "  4. say how to bring a configuration to KV, if that is empty: there is no pools.jsonc here"
      : `  4. bring ${config}, which is valid, to KV, if that is empty`,
  );
  return true;
}

async function signIn({ wrangler, show, ask }: DeployTools): Promise<void> {
  const isSignedIn = await wrangler(["whoami", "--json"]).then(
    () => true,
    (error: unknown) => {
      if (error instanceof WranglerError) return false;
      throw error;
    },
  );
  if (isSignedIn) return;
  if (ask === null) throw new Failure("not signed in to Cloudflare: set CLOUDFLARE_API_TOKEN");
  if ((await show(["login"])) !== 0) throw new Failure("not signed in to Cloudflare; nothing was deployed");
}

/** The required secrets that the Worker does not have yet. */
async function missingSecrets(
  { required, wrangler }: DeployTools,
  { env, more }: DeployOptions,
): Promise<string[]> {
  if (required.length === 0) return [];
  const existing = await existingSecrets(wrangler, [...inEnvironment(env), ...more]);
  return required.filter((name) => !existing.has(name));
}

/** @returns where the Worker answers; null if wrangler does not say */
async function upload(
  { values }: ChosenSecrets,
  { env, more }: DeployOptions,
  { show, print }: DeployTools,
): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), "edge-balancer-deploy-"));
  try {
    await chmod(directory, 0o700);
    const names = Object.keys(values);
    const file = join(directory, "secrets.json");
    if (names.length > 0) {
      print(`setting the secrets ${names.join(", ")}`);
      await writeFile(file, JSON.stringify(values), { mode: 0o600 });
    }
    const output = join(directory, "output.ndjson");
    const args = [
      "deploy",
      ...(names.length === 0 ? [] : ["--secrets-file", file]),
      ...inEnvironment(env),
      ...more,
    ];
    const code = await show(args, { WRANGLER_OUTPUT_FILE_PATH: output });
    if (code !== 0) throw new Failure("wrangler did not deploy; what it said stands above");
    return await addressIn(output);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Reads the address from wrangler's output for programs, which has a JSON object in each line. */
async function addressIn(file: string): Promise<string | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const { type, targets } = JSON.parse(line) as { type?: string; targets?: string[] };
    const found = type === "deploy" ? targets?.find((target) => target.startsWith("https://")) : undefined;
    if (found !== undefined) return found.replace(/\/+$/, "");
  }
  return null;
}

/** @returns true if KV holds a configuration */
async function configure(
  { config: file, env }: DeployOptions,
  { stored, push, print }: DeployTools,
): Promise<boolean> {
  let documents: number;
  try {
    documents = await stored();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    print(`KV cannot be read, so no configuration was brought there:\n${error.message}`);
    return false;
  }
  if (documents > 0) {
    print("KV holds a configuration already: it stays as it is.");
    if (file !== null) print(`To put ${file} in force: ${pushCommand(file, env)}`);
    return true;
  }
  if (file === null) return false;
  return (await push(file)) === 0;
}

function pushCommand(file: string, env: string | null): string {
  return ["npm run pools -- push", file, "--remote", ...inEnvironment(env)].join(" ");
}

/** @param push the command that brings a configuration to KV; null: one is there */
function nextSteps(url: string | null, { values, made }: ChosenSecrets, push: string | null): string[] {
  const address = url ?? "https://YOUR-WORKER";
  const lines = made.flatMap((name) => [
    "",
    `${name}, made just now. It is shown this once; keep it where you keep passwords:`,
    `  ${values[name] ?? ""}`,
  ]);
  lines.push("", "Next:");
  if (push !== null) {
    lines.push("  write your pools to pools.jsonc, as in examples/simple.jsonc, and bring them to KV:");
    lines.push(`    ${push}`);
  }
  lines.push(`  look at the dashboard: ${address}/_lb/`);
  lines.push(
    "  give the Worker your domain: a custom domain or a route, in Cloudflare's dashboard or wrangler.toml",
  );
  lines.push("  commit wrangler.toml, if wrangler has written the id of the KV namespace into it");
  return lines;
}
