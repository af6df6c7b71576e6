/**
 * Types of the messages between a test and an origin's process.
 * @module
 */

/** How an origin misbehaves. */
type Fault =
  /** Accepts, reads, and never answers. */
  | "hang"
  /** Resets the connection before answering. */
  | "reset"
  /** Sends headers and half of the body, then resets. */
  | "close_mid_body";

/** Replaces the behaviour that the request's path asks for. */
export interface Behaviour {
  /** Only for paths that begin with this; the longest match counts. Default: all paths. */
  path?: string;
  delayMs?: number;
  status?: number;
  /** One status per request, repeated from the beginning; 200 means the behaviour of the path. */
  statuses?: readonly number[];
  /** Sent along with `status`. */
  headers?: Readonly<Record<string, string>>;
  fault?: Fault;
}

/** A request as it arrived. */
export interface Hit {
  atMs: number;
  method: string;
  /** Unchanged from the request line. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Number of the connection on which it came, from 1. */
  connection: number;
  bodyBytes: number;
  bodySha256: string;
  /** False until the body has arrived; it stays false if the body broke off. */
  bodyComplete: boolean;
  /** Time from its arrival to the headers of its answer; null: not answered yet. */
  answeredAfterMs: number | null;
  /** True once its connection broke off before the answer was whole. */
  answerBrokenOff: boolean;
}

export type Command =
  | { do: "listen"; port: number }
  /** Refuses connections from now on, and breaks off open ones. */
  | { do: "close" }
  | { do: "behave"; behaviours: readonly Behaviour[] }
  | { do: "hits" }
  | { do: "forget" }
  | { do: "closes" }
  /** Counts the requests that are not answered whole, and the WebSockets. */
  | { do: "open" }
  /** Sends one event to everyone who listens to `/sse`. */
  | { do: "push"; text: string };

export type CommandMessage = Command & { id: number };

export interface AnswerMessage {
  id: number;
  value: unknown;
  error?: string;
}
