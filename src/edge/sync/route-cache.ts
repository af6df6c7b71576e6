/**
 * The routes in an isolate's memory: read from KV, served stale, refreshed in the background of a request. A bad
 * document never replaces a good one. The isolate asks the object of the routes if KV fails, if KV is behind (which the
 * pools' objects show by a revision), or if KV cannot tell which document is newer. If the object fails too, KV's
 * document counts.
 * @module
 */
import { readText } from "../../config/canonical.ts";
import { ROUTES_KEY } from "../../config/documents.ts";
import { formatErrors } from "../../config/errors.ts";
import { parseRoutes } from "../../config/parse.ts";
import { compileRoutes, type RouteTable } from "../../config/routing.ts";
import type { RouteConfig } from "../../config/schema.ts";
import type { RoutesDocument } from "../../contract/routes.ts";
import { CLOCK_STEP_MS } from "../../core/system.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";

/** Age from which the routes are read again. */
const FRESH_MS = 5_000;
/** How often routes that are known to be behind are asked for. */
const BEHIND_MS = 500;
/**
 * Without routes: how often the object is asked for the pool that gets all requests, although no change was announced.
 */
const IMPLICIT_MS = 60_000;
/** Longest that is waited for KV, and then for the object. */
const LONGEST_READ_MS = 1_000;
const LONGEST_ASK_MS = 1_000;
/** A refresh not over by then was lost with the request that made it. */
const LOST_REFRESH_MS = 5_000;
/** Longest a cold isolate waits for a refresh that another request has begun. */
const COLD_WAIT_MS = 2_000;
/** Time after a failure of all sources in which no request tries again, so that not every request waits. */
const FAILED_MS = 500;
const POLL_MS = 5;

const EMPTY = "[]";

/** Neither KV nor the object gives the routes. */
export class RoutesUnavailable extends Error {}

interface Spelled {
  /** Null: there is no document. */
  readonly canonical: string | null;
  /** Null: it is bad. */
  readonly routes: readonly RouteConfig[] | null;
}

/** The document that KV shows. */
interface InKv extends Spelled {
  /** As it stands there. */
  readonly text: string | null;
  /** 0: its writer left none. */
  readonly revision: number;
}

export class RouteCache {
  readonly #surroundings: Surroundings;
  #table: RouteTable | null = null;
  /** The document the table was made of, in one spelling. */
  #document: string | null = null;
  #implicitPool: string | null = null;
  /** Tells the document's age: when it was written, in ms since the epoch. 0: unknown. */
  #revision = 0;
  /** The newest revision that an object has named. */
  #newestRevision = 0;
  /** Avoids computing the canonical text again while KV shows the same document. */
  #inKv: InKv | null = null;
  /** The document that KV showed when the object last answered: it need not be asked about this one again. */
  #settled: InKv | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;
  #backoffUntilMs = Number.NEGATIVE_INFINITY;
  #failedMs = Number.NEGATIVE_INFINITY;
  #loadedMs = Number.NEGATIVE_INFINITY;
  #refreshStartedMs = Number.NEGATIVE_INFINITY;
  /** When the clock was last looked at. */
  #seenMs = Number.NEGATIVE_INFINITY;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The table in memory, or null on a cold isolate. Starts a refresh in the background when it is due. */
  peek(background: Background): RouteTable | null {
    if (this.#table === null) return null;
    const nowMs = this.#now();
    if (this.#isDue(nowMs) && !this.#isRefreshing(nowMs)) background.waitUntil(this.#refresh());
    return this.#table;
  }

  /** A pool's object says that routes with this revision are in force. */
  recordRevision(revision: number): void {
    this.#newestRevision = Math.max(this.#newestRevision, revision);
  }

  /** The table on a cold isolate. @throws RoutesUnavailable if neither KV nor the object gives one */
  async load(background: Background): Promise<RouteTable> {
    const deadlineMs = this.#now() + COLD_WAIT_MS;
    while (this.#isRefreshing(this.#now()) && this.#now() < deadlineMs)
      await this.#surroundings.wait(POLL_MS);
    const hasJustFailed = this.#now() - this.#failedMs < FAILED_MS;
    if (this.#table === null && !hasJustFailed) {
      const refresh = this.#refresh();
      // Others wait for it too: it must not end with its client.
      background.waitUntil(refresh);
      await refresh;
    }
    if (this.#table === null) throw new RoutesUnavailable("neither KV nor the routes' object answers");
    return this.#table;
  }

  #now(): number {
    const nowMs = this.#surroundings.now();
    if (nowMs < this.#seenMs - CLOCK_STEP_MS) {
      this.#askedMs = Number.NEGATIVE_INFINITY;
      this.#backoffUntilMs = Number.NEGATIVE_INFINITY;
      this.#failedMs = Number.NEGATIVE_INFINITY;
      this.#loadedMs = Number.NEGATIVE_INFINITY;
      this.#refreshStartedMs = Number.NEGATIVE_INFINITY;
    }
    this.#seenMs = nowMs;
    return nowMs;
  }

  #isDue(nowMs: number): boolean {
    const ageMs = nowMs - this.#loadedMs;
    if (ageMs >= FRESH_MS) return true;
    return this.#newestRevision > this.#revision && ageMs >= BEHIND_MS && nowMs >= this.#backoffUntilMs;
  }

  #isRefreshing(nowMs: number): boolean {
    return nowMs - this.#refreshStartedMs < LOST_REFRESH_MS;
  }

  /** Never rejects: the table in memory stays in use, and the next try comes with the next period. */
  async #refresh(): Promise<void> {
    this.#refreshStartedMs = this.#now();
    try {
      await this.#update();
      if (this.#table === null) this.#failedMs = this.#now();
    } finally {
      this.#loadedMs = this.#now();
      this.#refreshStartedMs = Number.NEGATIVE_INFINITY;
    }
  }

  async #update(): Promise<void> {
    const inKv = await this.#read();
    if (inKv !== null && this.#isNewest(inKv)) return this.#adopt(inKv, inKv.revision);
    if (!this.#mustAsk(inKv)) return;
    const answer = await this.#ask();
    if (answer !== null) {
      // This is the newest document, even if another revision was recorded, so it must not be asked for again.
      const revision = Math.max(answer.revision, this.#revision, this.#newestRevision);
      // An object that has never seen routes may only be behind.
      const source = answer.text === null && inKv !== null ? inKv : this.#spelled(answer.text);
      this.#adopt(source, revision, answer.implicit_pool ?? null);
      this.#settled = inKv;
      return;
    }
    this.#backoffUntilMs = this.#now() + FRESH_MS;
    const isBetter = this.#table === null || this.#revision === 0;
    if (inKv !== null && inKv.text !== null && isBetter) this.#adopt(inKv, inKv.revision);
  }

  /** Null: KV is out of reach. */
  async #read(): Promise<InKv | null> {
    try {
      const found = await this.#surroundings.readDocument(ROUTES_KEY, LONGEST_READ_MS);
      const [text, revision] = [found?.text ?? null, found?.updatedAt ?? 0];
      const before = this.#inKv;
      if (before === null || before.text !== text || before.revision !== revision) {
        this.#inKv = { text, revision, ...this.#spelled(text) };
      }
      return this.#inKv;
    } catch (error) {
      this.#surroundings.log({ event: "routes_unreadable", error: String(error) });
      return null;
    }
  }

  /** KV's document is no older than any that is known of. On a cold isolate one without a revision may do. */
  #isNewest({ text, revision, routes }: InKv): boolean {
    if (text === null || routes === null) return false;
    if (revision > 0) return revision >= Math.max(this.#revision, this.#newestRevision);
    return this.#table === null && this.#newestRevision === 0;
  }

  #mustAsk(inKv: InKv | null): boolean {
    if (this.#table === null) return true;
    const nowMs = this.#now();
    if (nowMs < this.#backoffUntilMs) return false;
    if (this.#newestRevision > this.#revision) return true;
    const hasRoutes = (this.#document ?? EMPTY) !== EMPTY;
    const waitMs = this.#implicitPool === null ? FRESH_MS : IMPLICIT_MS;
    if (!hasRoutes && nowMs - this.#askedMs >= waitMs) return true;
    if (inKv === null || inKv.routes === null || inKv.revision > 0 || inKv === this.#settled) return false;
    return (inKv.canonical ?? EMPTY) !== (this.#document ?? EMPTY);
  }

  /** Null: the object does not answer, or has nothing to say. */
  async #ask(): Promise<RoutesDocument | null> {
    this.#askedMs = this.#now();
    const answer = await this.#surroundings.callRoutes((stub) => stub.current(), LONGEST_ASK_MS);
    if (!answer.ok) {
      this.#surroundings.log({ event: "routes_not_told", detail: answer.detail });
      return null;
    }
    const { text, implicit_pool } = answer.value;
    return text === null && implicit_pool === undefined ? null : answer.value;
  }

  /** A bad document changes nothing. */
  #adopt({ canonical, routes }: Spelled, revision: number, implicitPool = this.#implicitPool): void {
    if (routes === null) return;
    const isSame = canonical === this.#document && implicitPool === this.#implicitPool;
    if (!isSame || this.#table === null) {
      this.#table = compileRoutes(routes, implicitPool);
      this.#document = canonical;
      this.#implicitPool = implicitPool;
    }
    this.#revision = revision;
  }

  /** What stands in a document, in one spelling; says it if it is bad. @param text null: there is no document */
  #spelled(text: string | null): Spelled {
    if (text === null) return { canonical: null, routes: [] };
    const content = readText(text);
    const parsed = content.ok ? parseRoutes(content.value) : null;
    if (content.ok && parsed?.ok) return { canonical: content.canonical, routes: parsed.value };
    const error = parsed?.ok === false ? formatErrors(parsed.errors) : content.ok ? "" : content.reason;
    this.#surroundings.log({ event: "routes_refused", error });
    return { canonical: text, routes: null };
  }
}
