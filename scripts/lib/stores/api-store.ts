/**
 * Reads and writes the configuration of a running balancer through its admin API. A write is in force at once, is
 * audited, and is refused if somebody else wrote meanwhile.
 * @module
 */
import * as z from "zod";
import { poolAnswerSchema, summarySchema, writeSchema } from "../../../src/admin/http/schemas.ts";
import { poolIdOfKey, poolKey, ROUTES_KEY } from "../../../src/config/documents.ts";
import { type AdminClient, ApiProblem, because } from "../admin-client.ts";
import { documentName } from "../config-changes.ts";
import { inParallel } from "../parallel.ts";
import type { ConfigStore, StoredDocument, StoredDocuments, Write } from "./config-store.ts";

const listSchema = z.object({ pools: z.array(summarySchema) });
const routesSchema = z.object({ routes: z.unknown(), written: z.string().optional(), etag: z.string() });
const routesWriteSchema = z.object({ etag: z.string(), changed: z.boolean() });

export class ApiStore implements ConfigStore {
  readonly name: string;
  readonly allowIpOrigins: boolean;
  readonly inForce = "now";
  readonly #client: AdminClient;
  /** Query of each write. */
  readonly #because: string;

  /** @param message reason of the writes, for the versions; null: none given */
  constructor(client: AdminClient, message: string | null = null) {
    this.#client = client;
    this.#because = because(message ?? undefined);
    this.name = client.base;
    // The balancer decides; a local one accepts them.
    this.allowIpOrigins = /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(client.base).hostname);
  }

  async read(wanted: Iterable<string>): Promise<StoredDocuments> {
    const { pools } = await this.#client.ask("/pools", listSchema);
    const ids = new Set(pools.map(({ id }) => id));
    // KV's list may not show yet what was written a moment ago.
    for (const key of wanted) {
      const id = poolIdOfKey(key);
      if (id !== null) ids.add(id);
    }
    const found = await inParallel([...ids], (id) => this.#readPool(id));
    const { routes, written, etag } = await this.#client.ask("/routes", routesSchema);
    return new Map([
      ...found.filter((entry) => entry !== null),
      [ROUTES_KEY, { text: written ?? JSON.stringify(routes), version: etag, problem: null }],
    ]);
  }

  async write(writes: readonly Write[], written: (key: string, what: string) => void): Promise<void> {
    for (const write of writes) written(write.key, await this.#write(write));
  }

  async #readPool(id: string): Promise<[string, StoredDocument] | null> {
    const answer = await this.#client.find(`/pools/${id}`, poolAnswerSchema);
    if (answer === null) return null;
    const { config, written, version, etag, config_error: problem } = answer;
    const text = written ?? JSON.stringify(config);
    return [poolKey(id), { text, version: version === 0 ? null : etag, problem }];
  }

  async #write(write: Write): Promise<string> {
    const { key } = write;
    try {
      return key === ROUTES_KEY ? await this.#writeRoutes(write) : await this.#writePool(write);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      const { type, errors } = error;
      const message =
        type === "precondition_failed"
          ? "somebody else changed it meanwhile, so it was left alone. Look at the new diff, then push again"
          : error.message;
      throw new ApiProblem(`${documentName(key)}: ${message}`, { type, errors: [...errors] });
    }
  }

  async #writePool({ key, text, written, stored }: Write): Promise<string> {
    const path = `/pools/${poolIdOfKey(key)}${this.#because}`;
    const headers = conditionOn(stored);
    if (text === null) {
      await this.#client.ask(path, writeSchema, { method: "DELETE", headers });
      return "removed";
    }
    const sending = { method: "PUT", body: written ?? text, headers } as const;
    const answer = await this.#client.ask(path, writeSchema, sending);
    // It is in force anyway; the pool's object writes it to KV as soon as KV accepts it.
    const warning = answer.warning === undefined ? "" : `. ${answer.warning}`;
    return `version ${answer.version}${answer.stored ? "" : ", not in KV yet"}${warning}`;
  }

  async #writeRoutes({ text, written, stored }: Write): Promise<string> {
    const sending = { method: "PUT", body: written ?? text ?? "[]", headers: conditionOn(stored) } as const;
    await this.#client.ask(`/routes${this.#because}`, routesWriteSchema, sending);
    return text === null ? "removed" : "written";
  }
}

function conditionOn(stored: StoredDocument | null): Record<string, string> {
  if (typeof stored?.version === "string") return { "if-match": stored.version };
  // Stored without a version: refused before it was ever in force, so there is nothing to lose.
  return stored === null ? { "if-none-match": "*" } : {};
}
