/**
 * The routes in an isolate's memory: read from KV, served stale, refreshed in the background of a request. A bad
 * document never replaces a good one, nor an older one a newer one, which KV may still show now and then.
 * @module
 */
import { POOL_KEY_PREFIX, poolIdOfKey, ROUTES_KEY } from "../config/documents.ts";
import { formatErrors } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import { parseRoutes } from "../config/parse.ts";
import { compileRoutes, type RouteTable } from "../config/routing.ts";
import { type KvDocument, listKeys, readDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";

/** Age from which the routes are read again. */
const FRESH_MS = 5_000;
/** A refresh not over by then was lost with the request that made it. */
const LOST_REFRESH_MS = 5_000;
/** Longest a cold isolate waits for a refresh that another request has begun. */
const COLD_WAIT_MS = 2_000;
const POLL_MS = 5;

export class RouteCache {
  #table: RouteTable | null = null;
  /** The document the table was made of, to tell a change; null if there was none. */
  #document: string | null = null;
  /** The newest mark of a document in force so far, in ms since the epoch; null: none had one. */
  #updatedAt: number | null = null;
  #refusedDocument: string | null = null;
  #loadedMs = Number.NEGATIVE_INFINITY;
  #refreshStartedMs = Number.NEGATIVE_INFINITY;

  /** The table in memory, or null on a cold isolate. Starts a refresh in the background when it is due. */
  peek(env: Env, ctx: ExecutionContext, nowMs: number): RouteTable | null {
    if (this.#table === null) return null;
    if (nowMs - this.#loadedMs >= FRESH_MS && !this.#isRefreshing(nowMs)) ctx.waitUntil(this.#refresh(env));
    return this.#table;
  }

  /** The table on a cold isolate. @throws if KV is out of reach */
  async load(env: Env): Promise<RouteTable> {
    const deadlineMs = Date.now() + COLD_WAIT_MS;
    while (this.#isRefreshing(Date.now()) && Date.now() < deadlineMs) await scheduler.wait(POLL_MS);
    return this.#table ?? (await this.#read(env));
  }

  #isRefreshing(nowMs: number): boolean {
    return nowMs - this.#refreshStartedMs < LOST_REFRESH_MS;
  }

  async #refresh(env: Env): Promise<void> {
    try {
      await this.#read(env);
    } catch (error) {
      // The table in memory stays in use; the next try comes with the next period.
      this.#loadedMs = Date.now();
      logLine({ event: "routes_unreadable", error: String(error) });
    }
  }

  async #read(env: Env): Promise<RouteTable> {
    this.#refreshStartedMs = Date.now();
    try {
      const document = await readDocument(env, ROUTES_KEY);
      const table = this.#past(document) ?? (await this.#compile(env, document));
      this.#table = table;
      this.#loadedMs = Date.now();
      return table;
    } finally {
      this.#refreshStartedMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** The table in memory, if the document is older than the one that it was made of. */
  #past(document: KvDocument | null): RouteTable | null {
    const updatedAt = document?.updatedAt ?? null;
    return updatedAt !== null && this.#updatedAt !== null && updatedAt < this.#updatedAt ? this.#table : null;
  }

  async #compile(env: Env, found: KvDocument | null): Promise<RouteTable> {
    const document = found?.text ?? null;
    // Without routes the pools themselves decide, and they may change while the document stays absent.
    if (document !== null && document === this.#document && this.#table !== null) return this.#table;
    const parsed = parseRoutes(parseJson(document ?? "[]"));
    if (!parsed.ok) {
      if (document !== this.#refusedDocument) {
        logLine({ event: "routes_refused", error: formatErrors(parsed.errors) });
      }
      this.#refusedDocument = document;
      return this.#table ?? compileRoutes([], []);
    }
    this.#document = document;
    this.#updatedAt = found?.updatedAt ?? this.#updatedAt;
    this.#refusedDocument = null;
    if (parsed.value.length > 0) return compileRoutes(parsed.value);
    const keys = await listKeys(env, POOL_KEY_PREFIX);
    return compileRoutes(
      [],
      keys.map(poolIdOfKey).filter((id) => id !== null),
    );
  }
}
