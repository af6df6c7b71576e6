/**
 * Calls of `coordination: "strict"`: the object picks for each request, and learns of each request's end. Plain data;
 * only grows.
 * @module
 */
import type { DecisionReason } from "../core/load-balancer.ts";

/** A pick's request starts within this many ms after the pick was asked for, or not at all. */
export const PICK_VALID_MS = 1_000;

export interface PickRequest {
  /** Random id of the isolate. */
  isolate: string;
  /** Names this attempt; unique in its isolate. */
  attempt: string;
  client_ip: string;
  /** The key of a consistent hash; null: none. */
  key: string | null;
  /** Id of the origin the session is pinned to, or null. */
  pinned: string | null;
  /** Ids of origins this request has been sent to. */
  tried: string[];
  /** Ids of origins that could not be reached a moment ago. Absent: none; objects older than it do not look at it. */
  avoid?: string[];
  /** True: the pick must not be one of `tried`, even if no other is left. Absent: it may be then. */
  untried_only?: true;
}

export interface PickReply {
  /** Id of the origin, or null if none is eligible. */
  origin: string | null;
  /** The reason for the pick; null with `origin`. */
  reason: DecisionReason | null;
  /** The session's origin cannot serve it any more: it moves to this one. */
  repinned: boolean;
  /** Milliseconds until a rate limit lets a request through, if that is why there is none; else null. */
  retry_after_ms: number | null;
}

/** The end of an attempt that the object picked for, its answer included. */
export interface ReleaseReport {
  isolate: string;
  attempt: string;
  failed: boolean;
  /** Time to the headers, or to the failure. */
  latency_ms: number;
  /** True: the attempt says nothing about the origin, as it was not sent or its client left. Absent: it does. */
  no_outcome?: true;
  /**
   * True: no request was sent, nor will be, so the pick's part of a rate limit is free again. Absent: one may have been
   * sent.
   */
  not_sent?: true;
}
