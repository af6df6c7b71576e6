/**
 * Why an isolate calls its pool's object: for the figures.
 * @module
 */
import type { SyncReply } from "../../src/contract/sync.ts";
import { INITIAL_PACE_MS, STALE_MS } from "../../src/edge/sync/sync-state.ts";
import type { CallKind } from "./recorder.ts";

export class SyncCalls {
  #wasAnswered = false;
  /** When the last call was sent, in ms. */
  sentMs = Number.NEGATIVE_INFINITY;
  /** Milliseconds until the next call, as the object last said. */
  paceMs = INITIAL_PACE_MS;
  /** No call for the isolate's own reasons before that long after the last, as the object last said; in ms. */
  earlyMs = 0;

  /** A call is sent. @returns why */
  sent(nowMs: number): CallKind {
    const sinceMs = nowMs - this.sentMs;
    this.sentMs = nowMs;
    if (!this.#wasAnswered) return "first";
    if (sinceMs > this.paceMs + STALE_MS) return "rested";
    return sinceMs >= this.paceMs ? "paced" : "early";
  }

  answered({ next_sync_ms, early_sync_ms = 0 }: Pick<SyncReply, "next_sync_ms" | "early_sync_ms">): void {
    this.#wasAnswered = true;
    this.paceMs = next_sync_ms;
    this.earlyMs = early_sync_ms;
  }
}
