/**
 * Converts the Worker's settings in wrangler.toml to Miniflare's options. Only wrangler can read the file, and takes a
 * second to load. So it is used when the Worker is built, and its answer is stored beside the bundle.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { SourcelessWorkerOptions } from "wrangler";
import { DIST, PROJECT } from "./project.ts";
import { requireModule } from "./require-module.ts";

const FILE = "worker-options.json";
/** Read at each start and not stored beside the bundle, because it contains secrets. */
const LOCAL_VARS = ".dev.vars";

/** Asks wrangler. @param directory gets the answer @param project where wrangler.toml is */
export async function writeWorkerOptions(directory: string, project = PROJECT): Promise<void> {
  const wrangler = requireModule<typeof import("wrangler")>("wrangler");
  const config = wrangler.unstable_readConfig({ config: join(project, "wrangler.toml") });
  // Secrets that are required at Cloudflare are not needed here, so wrangler must not warn of them.
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions({ ...config, secrets: undefined });
  const written = { ...workerOptions, bindings: config.vars };
  await writeFile(join(directory, FILE), JSON.stringify(written));
}

/**
 * With the variables of wrangler.toml and of .dev.vars, if there is one.
 * @param directory that got wrangler's answer
 * @param project where .dev.vars is
 */
export async function readWorkerOptions(
  directory = DIST,
  project = PROJECT,
): Promise<SourcelessWorkerOptions> {
  const text = await readFile(join(directory, FILE), "utf8");
  const options = JSON.parse(text) as SourcelessWorkerOptions;
  return { ...options, bindings: { ...variablesOf(options), ...(await localVars(project)) } };
}

/** The Worker's variables, which the type does not declare. */
export function variablesOf(options: SourcelessWorkerOptions): Record<string, string> {
  return options.bindings as Record<string, string>;
}

/** The id of the namespace that is bound as POOLS. */
export function namespaceOf({ kvNamespaces }: SourcelessWorkerOptions): string {
  return (kvNamespaces as Readonly<Record<"POOLS", { id: string }>>).POOLS.id;
}

async function localVars(project: string): Promise<Record<string, string>> {
  try {
    return parseEnv(await readFile(join(project, LOCAL_VARS), "utf8")) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
