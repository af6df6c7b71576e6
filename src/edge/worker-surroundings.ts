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
import { logLine } from "../platform/log.ts";
import type { ObjectAnswer } from "../platform/object-answer.ts";
import { callPool, callRoutes } from "../platform/object-client.ts";
import { originBinding, originBindings } from "../platform/origin-bindings.ts";
import { balancerName } from "./model/balancer-name.ts";
import type { Sender, Surroundings } from "./model/surroundings.ts";

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

  setTimer(act: () => void, ms: number): unknown {
    return setTimeout(act, ms);
  }

  clearTimer(timer: unknown): void {
    clearTimeout(timer as number);
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
}
