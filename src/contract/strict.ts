/**
 * `coordination: "strict"`: the object picks for each request, and hears of each one's end. Plain data; only grows.
 * @module
 */
import type { DecisionReason } from "../core/load-balancer.ts";

/** A pick's request starts within so many ms from when it was asked for, or not at all. */
export const PICK_VALID_MS = 1_000;

export interface PickRequest {
  /** Random id of the isolate. */
  isolate: string;
  /** Names this attempt; unique in its isolate. */
  attempt: string;
  client_ip: string;
  /** What a consistent hash hashes; null: nothing. */
  key: string | null;
  /** Id of the origin the session is pinned to, or null. */
  pinned: string | null;
  /** Ids of origins this request has been sent to, or that could not be reached a moment ago. */
  tried: string[];
}

export interface PickReply {
  /** Id of the origin, or null if none is eligible. */
  origin: string | null;
  /** Why that one; null with `origin`. */
  reason: DecisionReason | null;
  /** The session's origin cannot serve it any more: it moves to this one. */
  repinned: boolean;
  /** Milliseconds until a rate limit lets a request through, if that is why there is none; else null. */
  retry_after_ms: number | null;
}

/** An attempt that was picked for is over, and so is its answer. */
export interface ReleaseReport {
  isolate: string;
  attempt: string;
  failed: boolean;
  /** To the headers, or to the failure. */
  latency_ms: number;
}
