/**
 * The calls to the object that keeps the routes. Plain data in both directions; it only ever grows.
 * @module
 */

import type { ClientCountsData } from "../core/metrics/client-counts.ts";
import type { VersionDescription, WriteOptions, WriteResult } from "./admin.ts";
import type { PoolEvent } from "./events.ts";
import type { PoolStatus, PoolStatusReply } from "./pool-status.ts";
import type { ClientStats, ClientsWindow } from "./stats.ts";

/** Routes as a document. */
export interface RoutesDocument {
  /** JSON, as its author wrote it; null: there has never been one. */
  text: string | null;
  /** Grows with each change; no less than the document's own timestamp in KV, in ms since the epoch. 0: nothing yet. */
  revision: number;
  /** The pool that gets every request if there are no routes; null: none. */
  implicit_pool: string | null;
}

export interface RoutesDescription extends RoutesDocument {
  /** Counts the documents that were in force; 0: none. */
  version: number;
  /** The document with its author's comments and layout; null: not kept. */
  written: string | null;
  /** When it was written, in ms since the epoch; null if its writer left no revision. */
  updated_at: number | null;
  /** Why the last document found in KV was refused; null if it was not. */
  config_error: string | null;
}

/** The routes in a line, without their document, which may have 2 MB. */
export interface RoutesSummary extends Pick<RoutesDescription, "version" | "config_error"> {
  /** False: an empty list is in force, or nothing. */
  has_routes: boolean;
  /** How often routes came into force, and how often they were refused. */
  applied: number;
  refused: number;
  /** Answers to clients whose requests no pool handled, since counting began. */
  unrouted: ClientStats;
}

/** Answers of an isolate without a pool since its previous report: no route, a loop, a failure of its own. */
export interface UnroutedReport {
  /** Random id of the isolate. */
  isolate: string;
  /** Counts up with each new set of counts; the object counts a repeated one once. */
  sequence: number;
  clients: ClientCountsData;
}

export interface UnroutedReply {
  /** When to report again at the earliest, in ms from now. */
  next_report_ms: number;
}

/** The methods of the routes' object. */
export interface RoutesRpc {
  /** The routes in force, for isolates that learned of a newer revision than theirs. */
  current(): Promise<RoutesDocument>;
  describe(): Promise<RoutesDescription>;
  summary(): Promise<RoutesSummary>;
  /** Newest first. */
  events(limit?: number): Promise<PoolEvent[]>;
  /** Newest first; at most one if `version` is given. */
  versions(version?: number): Promise<VersionDescription[]>;
  /** @param document as of a pool */
  putConfig(document: string, options: WriteOptions): Promise<WriteResult>;
  /** A new version with the document of an earlier one. */
  rollback(version: number, options: WriteOptions): Promise<WriteResult>;
  /** A pool exists. Called by the API when it makes the pool, and by the pool's own object. */
  registerPool(pool: string): Promise<void>;
  /** A pool was removed. */
  unregisterPool(pool: string): Promise<void>;
  /** A pool's status: reported at each change, and every minute. */
  notePoolStatus(pool: string, status: PoolStatus): Promise<PoolStatusReply>;
  /** Every known pool, in order; some may be gone. */
  pools(): Promise<string[]>;
  /** Requests that no pool handled. */
  reportUnrouted(report: UnroutedReport): Promise<UnroutedReply>;
  /** Answers to clients whose requests no pool handled. @param windowS seconds, 10 to 86,400 */
  unrouted(windowS: number): Promise<ClientsWindow>;
  /** The watchdog's call: the object reads the current document. */
  wake(): Promise<void>;
}
