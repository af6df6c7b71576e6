/**
 * The routes in an isolate's memory: read from KV, served stale, refreshed in the background of a request. A bad
 * document never replaces a good one. Where KV is behind, which the pools' objects say by a mark, or where it cannot be
 * told what is newer, the object that keeps the routes is asked.
 * @module
 */
import { POOL_KEY_PREFIX, poolIdOfKey, ROUTES_KEY } from "../config/documents.ts";
import { formatErrors } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import { parseRoutes } from "../config/parse.ts";
import { compileRoutes, type RouteTable } from "../config/routing.ts";
import type { RoutesDocument } from "../contract/routes.ts";
import { listKeys, readDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { callRoutes } from "../platform/object-client.ts";

/** Age from which the routes are read again. */
const FRESH_MS = 5_000;
/** How often routes that are known to be behind are asked for. */
const BEHIND_MS = 500;
/** Longest that is waited for the object; then KV's word counts. */
const LONGEST_ASK_MS = 1_000;
/** A refresh not over by then was lost with the request that made it. */
const LOST_REFRESH_MS = 5_000;
/** Longest a cold isolate waits for a refresh that another request has begun. */
const COLD_WAIT_MS = 2_000;
const POLL_MS = 5;

export class RouteCache {
  #table: RouteTable | null = null;
  /** The document the table was made of, to tell a change; null if there was none. */
  #document: string | null = null;
  #refusedDocument: string | null = null;
  /** Tells the document's age: when it was written, in ms since the epoch. 0: unknown. */
  #mark = 0;
  /** The newest mark an object has spoken of. */
  #heardMark = 0;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;
  #loadedMs = Number.NEGATIVE_INFINITY;
  #refreshStartedMs = Number.NEGATIVE_INFINITY;

  /** The table in memory, or null on a cold isolate. Starts a refresh in the background when it is due. */
  peek(env: Env, ctx: ExecutionContext, nowMs: number): RouteTable | null {
    if (this.#table === null) return null;
    if (this.#isDue(nowMs) && !this.#isRefreshing(nowMs)) ctx.waitUntil(this.#refresh(env));
    return this.#table;
  }

  /** A pool's object says that routes with this mark are in force. */
  heard(mark: number): void {
    this.#heardMark = Math.max(this.#heardMark, mark);
  }

  /** The table on a cold isolate. @throws if KV is out of reach */
  async load(env: Env): Promise<RouteTable> {
    const deadlineMs = Date.now() + COLD_WAIT_MS;
    while (this.#isRefreshing(Date.now()) && Date.now() < deadlineMs) await scheduler.wait(POLL_MS);
    return this.#table ?? (await this.#read(env));
  }

  #isDue(nowMs: number): boolean {
    const ageMs = nowMs - this.#loadedMs;
    if (ageMs >= FRESH_MS) return true;
    return this.#heardMark > this.#mark && ageMs >= BEHIND_MS && nowMs >= this.#backoffUntilMs;
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
      const table = await this.#compile(env, await this.#newest(env));
      this.#table = table;
      this.#loadedMs = Date.now();
      return table;
    } finally {
      this.#refreshStartedMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** What counts now: KV's document, unless that is the past or may be. */
  async #newest(env: Env): Promise<RoutesDocument> {
    const inKv = await readDocument(env, ROUTES_KEY);
    const found: RoutesDocument = { text: inKv?.text ?? null, mark: inKv?.updatedAt ?? 0 };
    const newestMark = Math.max(this.#mark, this.#heardMark);
    if (found.mark >= newestMark) return found;
    const own: RoutesDocument = { text: this.#document, mark: this.#mark };
    const isPast = found.mark > 0 || found.text === this.#document;
    if (this.#heardMark <= this.#mark && isPast) return own;
    const asked = callRoutes(env, (stub) => stub.current());
    const answer = await Promise.race([asked, scheduler.wait(LONGEST_ASK_MS)]);
    const isKnown = answer?.ok === true && answer.value.text !== null;
    // The newest there is, even if another mark was heard of: nobody must ask for it again.
    if (isKnown) return { ...answer.value, mark: Math.max(answer.value.mark, newestMark) };
    this.#backoffUntilMs = Date.now() + FRESH_MS;
    return found.mark >= this.#mark ? found : own;
  }

  async #compile(env: Env, { text: document, mark }: RoutesDocument): Promise<RouteTable> {
    // Without routes the pools themselves decide, and they may change while the document stays absent.
    if (document !== null && document === this.#document && this.#table !== null) {
      this.#mark = mark;
      return this.#table;
    }
    const parsed = parseRoutes(parseJson(document ?? "[]"));
    if (!parsed.ok) {
      if (document !== this.#refusedDocument) {
        logLine({ event: "routes_refused", error: formatErrors(parsed.errors) });
      }
      this.#refusedDocument = document;
      return this.#table ?? compileRoutes([], []);
    }
    this.#document = document;
    this.#mark = mark;
    this.#refusedDocument = null;
    if (parsed.value.length > 0) return compileRoutes(parsed.value);
    const keys = await listKeys(env, POOL_KEY_PREFIX);
    return compileRoutes(
      [],
      keys.map(poolIdOfKey).filter((id) => id !== null),
    );
  }
}
