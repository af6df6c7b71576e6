/**
 * Reads and writes the configuration in KV through wrangler, on this machine or at Cloudflare.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import * as z from "zod";
import { poolIdOfKey, ROUTES_KEY } from "../../../src/config/documents.ts";
import { parseJson, parseJsonc } from "../../../src/config/json.ts";
import { Failure } from "../failure.ts";
import { PROJECT } from "../project.ts";
import { inEnvironment, runWrangler, WranglerError } from "../wrangler.ts";
import type { ConfigStore, StoredDocument, StoredDocuments, Write } from "./config-store.ts";

const BINDING = "POOLS";
/** Most keys in one bulk read of Cloudflare's API. */
const MOST_KEYS = 100;
/** Where `wrangler dev` keeps its state. */
const WRANGLER_STATE = ".wrangler/state";

const keysSchema = z.array(
  z.looseObject({ name: z.string(), metadata: z.looseObject({ updated_at: z.unknown() }).nullish() }),
);
// Cloudflare's API gives the value, the local KV an object that holds it.
const valueSchema = z.union([z.string(), z.object({ value: z.string().nullable() })]).nullable();
const valuesSchema = z.record(z.string(), valueSchema);

export class KvStore implements ConfigStore {
  readonly name: string;
  readonly allowIpOrigins: boolean;
  readonly inForce: string;
  readonly #where: readonly string[];

  private constructor(name: string, inForce: string, isLocal: boolean, where: readonly string[]) {
    this.name = name;
    this.inForce = inForce;
    this.allowIpOrigins = isLocal;
    this.#where = ["--binding", BINDING, ...where];
  }

  /** The KV of the deployed Worker. @param env environment of wrangler.toml; null: the top level */
  static remote(env: string | null): KvStore {
    const name = `the KV of the deployed Worker${env === null ? "" : ` in environment ${env}`}`;
    return new KvStore(name, "within a minute or two", false, ["--remote", ...inEnvironment(env)]);
  }

  /** @param state directory of `npm start -- --state DIR`; null: where `wrangler dev` keeps its own */
  static local(state: string | null): KvStore {
    const directory = state === null ? join(PROJECT, WRANGLER_STATE) : resolve(state);
    const near = relative(process.cwd(), directory);
    const name = `the local KV in ${near === "" || near.startsWith("..") ? directory : near}`;
    return new KvStore(name, "within a minute, if a balancer runs on it", true, [
      "--local",
      "--persist-to",
      directory,
    ]);
  }

  async read(): Promise<StoredDocuments> {
    const keys = parsed(keysSchema, await this.#run(["key", "list"]))
      .filter(({ name }) => name === ROUTES_KEY || poolIdOfKey(name) !== null)
      .map(({ name, metadata }) => ({ name, timestamp: timestampOf(metadata?.updated_at) }));
    const documents = new Map<string, StoredDocument>();
    for (let start = 0; start < keys.length; start += MOST_KEYS) {
      const some = keys.slice(start, start + MOST_KEYS);
      const values = await this.#get(some.map(({ name }) => name));
      for (const { name, timestamp } of some) {
        const text = values.get(name);
        if (text === undefined) continue;
        const problem = parseJsonc(text) === undefined ? "it is not JSON" : null;
        documents.set(name, { text, version: timestamp, problem });
      }
    }
    return documents;
  }

  async write(writes: readonly Write[], written: (key: string, what: string) => void): Promise<void> {
    const puts = writes.flatMap(({ key, text, stored }) =>
      text === null ? [] : [{ key, value: text, metadata: { updated_at: newerThan(stored) } }],
    );
    if (puts.length > 0) await this.#bulk("put", puts);
    for (const { key } of puts) written(key, "written");
    const gone = writes.flatMap(({ key, text }) => (text === null ? [key] : []));
    if (gone.length > 0) await this.#bulk("delete", gone, "--force");
    for (const key of gone) written(key, "removed");
  }

  async #get(keys: string[]): Promise<Map<string, string>> {
    const values = parsed(valuesSchema, await this.#bulk("get", keys));
    return new Map(
      Object.entries(values).flatMap(([key, held]) => {
        const value = typeof held === "string" ? held : (held?.value ?? null);
        return value === null ? [] : [[key, value] as const];
      }),
    );
  }

  async #bulk(verb: "get" | "put" | "delete", content: unknown, ...more: string[]): Promise<string> {
    // Readable by this user only, because a probe's headers may contain credentials.
    const directory = await mkdtemp(join(tmpdir(), "edge-balancer-kv-"));
    const file = join(directory, "bulk.json");
    try {
      await writeFile(file, JSON.stringify(content));
      return await this.#run(["bulk", verb, file, ...more]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #run(args: readonly string[]): Promise<string> {
    try {
      return await runWrangler(["kv", ...args, ...this.#where]);
    } catch (error) {
      if (!(error instanceof WranglerError)) throw error;
      throw new Failure(`${this.name} cannot be reached: ${advice(error.message)}`);
    }
  }
}

/** Sentences for the most frequent failures; others keep wrangler's message. */
function advice(said: string): string {
  if (said.includes("CLOUDFLARE_API_TOKEN environment variable")) {
    return "wrangler is not logged in. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN";
  }
  if (said.includes("No KV namespace ID found") || said.includes("[code: 10007]")) {
    return "the Worker is not deployed yet, and so has no KV. Run npm run deploy";
  }
  if (said.includes("[code: 10000]")) {
    return "Cloudflare does not take the login. Run npx wrangler login; a CLOUDFLARE_API_TOKEN needs the permissions to read Workers scripts and to edit Workers KV";
  }
  if (said.includes("fetch failed")) return "Cloudflare's API does not answer. Is this machine online?";
  return `wrangler says\n${said}`;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(parseJson(text));
  if (!result.success)
    throw new Failure(`wrangler answers in another form than expected:\n${text.slice(0, 500)}`);
  return result.data;
}

function timestampOf(updatedAt: unknown): number | null {
  return typeof updatedAt === "number" ? updatedAt : null;
}

/** A timestamp for a document that replaces `stored`, whatever the clock of its writer said. In ms since the epoch. */
function newerThan(stored: StoredDocument | null): number {
  const before = typeof stored?.version === "number" ? stored.version : 0;
  return Math.max(Date.now(), before + 1);
}
