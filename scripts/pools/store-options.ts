/**
 * The options that say where the configuration lives, and the file to compare it with.
 * @module
 */

import { poolIdOfKey } from "../../src/config/documents.ts";
import { changesTo, type DocumentChange } from "../lib/config-changes.ts";
import { documentsOf } from "../lib/config-documents.ts";
import { type GoodConfig, loadConfigFile } from "../lib/config-file.ts";
import { UsageError } from "../lib/options.ts";
import { ApiStore } from "../lib/stores/api-store.ts";
import type { ConfigStore, StoredDocuments } from "../lib/stores/config-store.ts";
import { KvStore } from "../lib/stores/kv-store.ts";
import { ProgressLine } from "../lib/terminal/progress-line.ts";
import { adminClient, BALANCER_OPTIONS, type BalancerValues } from "./balancer-options.ts";

export const STORE_OPTIONS = {
  ...BALANCER_OPTIONS,
  local: { type: "boolean" },
  remote: { type: "boolean" },
  state: { type: "string" },
  env: { type: "string", short: "e" },
} as const;

export const STORE_USAGE = "[--local | --remote | --url URL]";

export const STORE_HELP = `  --local      the KV on this machine (default if LB_URL is not set): that of wrangler dev, or with
  --state DIR  that of npm start -- --state DIR
  --remote     the KV of the deployed Worker; wrangler must be logged in
  --env, -e N  with --remote: the Worker of environment N of wrangler.toml
  --url URL    a balancer that runs, through its admin API: in force at once, audited, safe against other writers
               (default: LB_URL, if that is set)
  --token T    token of the admin API (better: LB_ADMIN_TOKEN, which other users of the machine cannot see)`;

interface StoreValues extends BalancerValues {
  readonly local?: boolean | undefined;
  readonly remote?: boolean | undefined;
  readonly state?: string | undefined;
  readonly env?: string | undefined;
  readonly message?: string | undefined;
}

/** @throws UsageError if the options name several places */
export function configStore(values: StoreValues): ConfigStore {
  const { local = false, remote = false, token, state, env } = values;
  const isLocal = local || state !== undefined;
  if ([isLocal, remote, values.url !== undefined].filter(Boolean).length > 1) {
    throw new UsageError("only one of --local (with or without --state), --remote and --url can be meant");
  }
  if (state === "") throw new UsageError("--state: a value is missing");
  if (env !== undefined && !remote) throw new UsageError("--env goes with --remote");
  const url = values.url ?? (isLocal || remote ? undefined : process.env.LB_URL || undefined);
  if (url !== undefined) return new ApiStore(adminClient({ url, token }), values.message ?? null);
  if (token !== undefined) throw new UsageError("--token goes with --url");
  if (values.message !== undefined) throw new UsageError("--message goes with --url: KV keeps no such thing");
  return remote ? KvStore.remote(env ?? null) : KvStore.local(state ?? null);
}

/** All documents there; a terminal is told what takes its time, for wrangler takes seconds. @throws Failure */
export async function readStore(store: ConfigStore, wanted: Iterable<string>): Promise<StoredDocuments> {
  const line = new ProgressLine(process.stderr);
  if (process.stderr.isTTY) line.show(`reading ${store.name} ...`, null);
  try {
    return await store.read(wanted);
  } finally {
    line.clear();
  }
}

/** The one FILE of a command. @throws UsageError */
export function theFile(command: string, positionals: readonly string[]): string {
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) throw new UsageError(`${command} takes one file`);
  return file;
}

/** The configuration in `file`; null if it has errors. Errors and warnings go to standard error. */
export async function goodConfig(
  file: string,
  options: { allowIpOrigins: boolean },
): Promise<GoodConfig | null> {
  const loaded = await loadConfigFile(file, options);
  for (const line of loaded.ok ? loaded.warnings : loaded.errors) console.error(line);
  return loaded.ok ? loaded : null;
}

/** A file beside what is stored. */
export interface Comparison {
  readonly file: string;
  readonly store: ConfigStore;
  readonly loaded: GoodConfig;
  /** What putting the file in force would change. */
  readonly changes: readonly DocumentChange[];
}

function textOf({ key, text }: DocumentChange, { textAt }: GoodConfig): string | undefined {
  if (text === null) return undefined;
  const id = poolIdOfKey(key);
  return textAt(id === null ? ["routes"] : ["pools", id]);
}

/** Compares the one FILE of a command; null, and why on standard error, if it has errors. @throws UsageError, Failure */
export async function compareFile(
  command: string,
  values: StoreValues,
  positionals: readonly string[],
): Promise<Comparison | null> {
  const file = theFile(command, positionals);
  const store = configStore(values);
  const loaded = await goodConfig(file, store);
  if (loaded === null) return null;
  const wanted = documentsOf(loaded.written);
  const changes = changesTo(wanted, await readStore(store, wanted.keys()));
  return {
    file,
    store,
    loaded,
    changes: changes.map((each) => ({ ...each, written: textOf(each, loaded) })),
  };
}
