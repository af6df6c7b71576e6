/**
 * Everything outside of an isolate that the edge depends on: the clock, chance, waiting, calls and settings. The Worker
 * and a simulation each have one; nothing else of the edge asks the world.
 * @module
 */

import type { KvDocument } from "../../config/documents.ts";
import type { RoutesRpc } from "../../contract/routes.ts";
import type { PoolRpc } from "../../contract/sync.ts";
import type { Clock, Random } from "../../core/system.ts";
import type { ObjectAnswer } from "../../platform/object-answer.ts";

/** The Analytics Engine binding, which accepts data points. */
export interface DataPointSink {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

/** The settings of the deployment that the edge uses; platform/env.ts says what each means. */
export interface EdgeSettings {
  readonly LOCAL_CLIENT_IP?: string;
  readonly LB_REGION?: string;
  readonly ALLOW_IP_ORIGINS?: string;
  readonly AFFINITY_SECRET?: string;
  readonly AFFINITY_SECRET_PREVIOUS?: string;
  readonly ANALYTICS?: DataPointSink;
}

/** Keeps work going for a request after its answer (`ExecutionContext`). */
export interface Background {
  waitUntil(work: Promise<unknown>): void;
}

/** As `fetch`. */
export type Sender = (request: Request | string, init: RequestInit) => Promise<Response>;

/** Fires once, unless it is stopped before. */
export interface Timer {
  stop(): void;
}

/** Starts timers, and tells the time they go by. */
export type TimerStarter = Pick<Surroundings, "now" | "startTimer">;

/** One for an isolate. Its waits and calls belong to the request whose code makes them. */
export interface Surroundings {
  readonly settings: EdgeSettings;
  /** Names of the bindings over which origins can be reached. */
  readonly originBindings: readonly string[];
  /** By which this balancer recognizes its own requests. */
  readonly balancerName: string;
  /** Milliseconds since the epoch. On Cloudflare it advances only when something was waited for. */
  readonly now: Clock;
  readonly random: Random;
  /** A name that nothing else has in any isolate. */
  newId(): string;
  log(entry: Record<string, unknown>): void;
  /** Resolves after `ms`. Rejects when `signal` is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `onFire` after `ms`, unless the timer is stopped before. Each is the platform's own, though that costs a tenth
   * of a bare pass-through (docs/performance.md) and nearly all are stopped long before they are due: a wait that several
   * requests share would have to go on in each of them, and what one request settles for another may go on in the wrong
   * one (docs/platform.md, isolate memory).
   */
  startTimer(ms: number, onFire: () => void): Timer;
  /** Sends to an origin. @param binding over which; null: over the network. @returns null: there is no such binding */
  senderTo(binding: string | null): Sender | null;
  /** @param withinMs the longest to wait; an answer that is later is lost. Absent: as long as the platform does */
  callPool<T>(
    pool: string,
    call: (object: PoolRpc) => Promise<T>,
    withinMs?: number,
  ): Promise<ObjectAnswer<T>>;
  /** The same for the object that keeps the routes. */
  callRoutes<T>(call: (object: RoutesRpc) => Promise<T>, withinMs?: number): Promise<ObjectAnswer<T>>;
  /**
   * Null: there is no such document.
   * @throws if KV fails, or does not answer within so many ms
   */
  readDocument(key: string, withinMs: number): Promise<KvDocument | null>;
  /**
   * The note that an isolate of this data centre has left for a pool. Null: there is none, or it cannot be had within so
   * many ms. Never rejects.
   */
  readNote(pool: string, withinMs: number): Promise<string | null>;
  /** Leaves a note there, instead of any other. It may get lost. Ends within so many ms, and never rejects. */
  leaveNote(pool: string, text: string, withinMs: number): Promise<void>;
}
