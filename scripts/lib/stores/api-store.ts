/**
 * The configuration of a balancer that runs, through its admin API: a write is in force at once, is audited, and is
 * refused if somebody else wrote meanwhile.
 * @module
 */
import * as z from "zod";
import { poolAnswerSchema, summarySchema, writeSchema } from "../../../src/admin/answers.ts";
import { poolIdOfKey, poolKey, ROUTES_KEY } from "../../../src/config/documents.ts";
import { type AdminClient, ApiProblem } from "../admin-client.ts";
import { documentName } from "../config-changes.ts";
import { inParallel } from "../parallel.ts";
import type { ConfigStore, StoredDocument, StoredDocuments, Write } from "./config-store.ts";

const listSchema = z.object({ pools: z.array(summarySchema) });
const routesSchema = z.object({ routes: z.unknown(), etag: z.string() });
const routesWriteSchema = z.object({ etag: z.string(), changed: z.boolean() });

export class ApiStore implements ConfigStore {
  readonly name: string;
  readonly allowIpOrigins: boolean;
  readonly inForce = "now";
  readonly #client: AdminClient;

  constructor(client: AdminClient) {
    this.#client = client;
    this.name = client.base;
    // The balancer has the last word; a local one takes them.
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
    const { routes, etag } = await this.#client.ask("/routes", routesSchema);
    return new Map([
      ...found.filter((entry) => entry !== null),
      [ROUTES_KEY, { text: JSON.stringify(routes), version: etag, problem: null }],
    ]);
  }

  async write(writes: readonly Write[], written: (key: string, what: string) => void): Promise<void> {
    for (const write of writes) written(write.key, await this.#write(write));
  }

  async #readPool(id: string): Promise<[string, StoredDocument] | null> {
    const answer = await this.#client.find(`/pools/${id}`, poolAnswerSchema);
    if (answer === null) return null;
    const { config, version, etag, config_error: problem } = answer;
    return [poolKey(id), { text: JSON.stringify(config), version: version === 0 ? null : etag, problem }];
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

  async #writePool({ key, text, stored }: Write): Promise<string> {
    const path = `/pools/${poolIdOfKey(key)}`;
    const headers = conditionOn(stored);
    if (text === null) {
      await this.#client.ask(path, writeSchema, { method: "DELETE", headers });
      return "removed";
    }
    const sending = { method: "PUT", body: JSON.parse(text), headers } as const;
    const answer = await this.#client.ask(path, writeSchema, sending);
    // In force all the same; the pool's object brings it to KV as soon as KV takes it.
    return `version ${answer.version}${answer.stored ? "" : ", not in KV yet"}`;
  }

  async #writeRoutes({ text, stored }: Write): Promise<string> {
    const sending = { method: "PUT", body: JSON.parse(text ?? "[]"), headers: conditionOn(stored) } as const;
    await this.#client.ask("/routes", routesWriteSchema, sending);
    return text === null ? "removed" : "written";
  }
}

function conditionOn(stored: StoredDocument | null): Record<string, string> {
  if (typeof stored?.version === "string") return { "if-match": stored.version };
  // Stored without a version: refused before it was ever in force, so there is nothing to lose.
  return stored === null ? { "if-none-match": "*" } : {};
}
