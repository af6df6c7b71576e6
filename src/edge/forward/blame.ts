/**
 * Decides whose doing the end of an attempt was: the origin's, the client's or ours. Nothing else decides it. Only ends
 * that are the origin's doing count for or against the origin. The compiler checks that every way to end is in the
 * table, and that its outcome follows from the table.
 * @module
 */
import type { OutcomeKind } from "../../contract/sync.ts";

/** How an attempt ended. */
export type AttemptEnd =
  /** The origin answered. */
  | "success"
  /** The origin answered, with a failure. */
  | "status"
  /** Refused, reset, unresolvable, or one of Cloudflare's own statuses for that. */
  | "connect_failure"
  /** No headers in time after the request's whole body, or the origin stopped taking the body. */
  | "timeout"
  /** The client left. */
  | "client_closed"
  /** The client paused for too long within its body. */
  | "body_stalled"
  /** The client's body broke off, or was malformed. */
  | "body_broken"
  /** The request could not be sent: a mistake of this program. */
  | "internal"
  /** No headers in time, which may be the client's doing or the origin's: the platform itself sent the body. */
  | "unclear"
  /** The connection was lost, which may be the client's doing or the origin's. */
  | "connection_lost"
  /** The origin hung up on a request that no client may send, or on a large head before a body. */
  | "hung_up";

type Blame = "origin" | "client" | "ours" | "nobody";

const BLAME = {
  success: "origin",
  status: "origin",
  connect_failure: "origin",
  timeout: "origin",
  client_closed: "client",
  body_stalled: "client",
  body_broken: "client",
  internal: "ours",
  unclear: "nobody",
  connection_lost: "nobody",
  hung_up: "nobody",
} as const satisfies Record<AttemptEnd, Blame>;

type BlamedOn<B extends Blame> = {
  [E in AttemptEnd]: (typeof BLAME)[E] extends B ? E : never;
}[AttemptEnd];

/** Ends that are the origin's doing. */
type OriginEnd = BlamedOn<"origin">;

export function isOrigins(end: AttemptEnd): end is OriginEnd {
  return BLAME[end] === "origin";
}

/** The outcome that an attempt counts as; null: it does not count. */
export function outcomeFor(end: AttemptEnd): OutcomeKind | null {
  // An origin's end is an outcome by its own name: anything else does not compile.
  if (isOrigins(end)) return end satisfies OutcomeKind;
  return BLAME[end] === "client" ? "client_closed" : null;
}
