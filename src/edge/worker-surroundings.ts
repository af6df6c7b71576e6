/**
 * The surroundings of an isolate on Cloudflare.
 * @module
 */
import type { KvDocument } from "../config/documents.ts";
import type { RoutesRpc } from "../contract/routes.ts";
import type { PoolRpc } from "../contract/sync.ts";
import { systemClock, systemRandom } from "../core/system.ts";
import { readDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { inTime } from "../platform/in-time.ts";
import { logLine } from "../platform/log.ts";
import type { ObjectAnswer } from "../platform/object-answer.ts";
import { callPool, callRoutes } from "../platform/object-client.ts";
import { originBinding, originBindings } from "../platform/origin-bindings.ts";
import { balancerName } from "./model/balancer-name.ts";
import type { Sender, Surroundings, Timer } from "./model/surroundings.ts";

/** A cache of its own, which no client's request reads. */
const NOTES = "edge-balancer:notes";
/** A name that cannot be looked up outside of a local network (RFC 6762), so that no request is ever for it. */
const NOTES_HOST = "edge-balancer.local";
/** By then every isolate has asked the object, so a note says nothing new to anybody. */
const NOTE_LIFE_S = 600;

const NOTE_HEADERS = { "cache-control": `max-age=${NOTE_LIFE_S}`, "content-type": "application/json" };

const SEND: Sender = (request, init) => fetch(request, init);

export class WorkerSurroundings implements Surroundings {
  readonly settings: Env;
  readonly balancerName: string;
  readonly originBindings: readonly string[];
  readonly now = systemClock;
  readonly random = systemRandom;

  /** @param env the same for all requests of an isolate */
  constructor(env: Env) {
    this.settings = env;
    this.balancerName = balancerName(env);
    this.originBindings = originBindings(env);
  }

  newId(): string {
    return crypto.randomUUID();
  }

  log(entry: Record<string, unknown>): void {
    logLine(entry);
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return signal === undefined ? scheduler.wait(ms) : scheduler.wait(ms, { signal });
  }

  startTimer(ms: number, onFire: () => void): Timer {
    const timer = setTimeout(onFire, ms);
    return { stop: () => clearTimeout(timer) };
  }

  senderTo(binding: string | null): Sender | null {
    if (binding === null) return SEND;
    const bound = originBinding(this.settings, binding);
    return bound && ((request, init) => bound.fetch(request, init));
  }

  callPool<T>(
    pool: string,
    call: (object: PoolRpc) => Promise<T>,
    withinMs?: number,
  ): Promise<ObjectAnswer<T>> {
    return callPool(this.settings, pool, call, withinMs);
  }

  callRoutes<T>(call: (object: RoutesRpc) => Promise<T>, withinMs?: number): Promise<ObjectAnswer<T>> {
    return callRoutes(this.settings, call, withinMs);
  }

  readDocument(key: string, withinMs: number): Promise<KvDocument | null> {
    return readDocument(this.settings, key, withinMs);
  }

  readNote(pool: string, withinMs: number): Promise<string | null> {
    const read = async (): Promise<string | null> => {
      const cache = await caches.open(NOTES);
      return (await (await cache.match(this.#noteUrl(pool)))?.text()) ?? null;
    };
    return inTime(read(), "the cache", withinMs).catch(() => null);
  }

  leaveNote(pool: string, text: string, withinMs: number): Promise<void> {
    const leave = async (): Promise<void> => {
      const cache = await caches.open(NOTES);
      await cache.put(this.#noteUrl(pool), new Response(text, { headers: NOTE_HEADERS }));
    };
    return inTime(leave(), "the cache", withinMs).catch(() => undefined);
  }

  /** The id of the pool's object is the deployment's own, so that deployments in one zone do not meet. */
  #noteUrl(pool: string): string {
    return `https://${NOTES_HOST}/v1/${this.settings.UPSTREAM_POOL.idFromName(pool)}`;
  }
}
