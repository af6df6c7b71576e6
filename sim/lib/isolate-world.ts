/**
 * What the isolates of a run have in common.
 * @module
 */
import type { BriefTraffic } from "./brief/brief-traffic.ts";
import type { AnyClient } from "./clients.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Network } from "./network.ts";
import type { Origin } from "./origin.ts";
import type { Answer, CallKind } from "./recorder.ts";
import type { Rng } from "./rng.ts";
import type { SimObject } from "./sim-object.ts";

/** A client's request that is over. */
export interface Ended {
  readonly client: AnyClient;
  /** When it came, in ms. */
  readonly cameMs: number;
  readonly answer: Answer;
  /** Of the request log; null: there is none. */
  readonly line: LogLine | null;
}

export type LogLine = Readonly<Record<string, unknown>>;

/** What measures a run, as far as isolates have something to measure. */
export interface Measures {
  /** A request leaves for an origin. */
  start(nowMs: number, origin: string): void;
  /** A call reaches a pool's object. */
  objectCall(nowMs: number, kind: CallKind, pool: string): void;
  ended(nowMs: number, ended: Ended): void;
}

/** What all isolates have in common. */
export interface IsolateWorld {
  readonly queue: EventQueue;
  readonly rng: Rng;
  readonly network: Network;
  /** By pool. */
  readonly objects: ReadonlyMap<string, SimObject>;
  readonly measures: Measures;
  /** The documents in KV, by key. */
  readonly documents: ReadonlyMap<string, string>;
  /** The notes that isolates have left, by pool and data centre. */
  readonly notes: Map<string, string>;
  /** A note has taken the place of another, in a data centre. */
  readonly noted: (dataCenter: number, text: string) => void;
  /** By the name of the host at which an isolate finds it. */
  readonly hosts: ReadonlyMap<string, Origin>;
  /** Null: all requests take the whole way. */
  readonly brief: BriefTraffic | null;
}

/** Where an isolate runs. */
export interface Place {
  readonly region: number;
  readonly dataCenter: number;
}
