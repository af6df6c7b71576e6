/**
 * The interface through which the parts of a pool record events.
 * @module
 */
import type { PoolEventKind } from "../../contract/events.ts";

export interface EventFacts {
  /** For people. Absent: the kind says it all. */
  readonly detail?: string | undefined;
  /** Id. Absent: the event is about the pool as a whole. */
  readonly origin?: string | undefined;
  /** Name of an operator's token. Absent: no operator did it. */
  readonly who?: string | undefined;
  /** When it happened, in ms since the epoch: the moment that what is recorded beside the event names. Absent: now. */
  readonly atMs?: number;
}

/** Where those tell of it to whom something happens. */
export interface EventSink {
  emit(kind: PoolEventKind, facts?: EventFacts): void;
}
