/**
 * What a test and an origin's process say to each other.
 * @module
 */

/** How an origin misbehaves. */
export type Fault =
  /** Accepts, reads, and never answers. */
  | "hang"
  /** Resets the connection before answering. */
  | "reset"
  /** Sends headers and half of the body, then resets. */
  | "close_mid_body";

/** What an origin does with a request instead of what its path asks for. */
export interface Behaviour {
  /** Only for paths that begin with this; the longest that fits counts. Default: all. */
  path?: string;
  delayMs?: number;
  status?: number;
  /** One status per request, in turn and over again; 200 means what the path asks for. */
  statuses?: readonly number[];
  /** Sent along with `status`. */
  headers?: Readonly<Record<string, string>>;
  fault?: Fault;
}

/** A request as it arrived. */
export interface Hit {
  atMs: number;
  method: string;
  /** As it stood in the request line. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The how-manieth connection it came on, from 1. */
  connection: number;
  bodyBytes: number;
  bodySha256: string;
  /** False while the body is still coming, and for ever if it broke off. */
  bodyComplete: boolean;
  /** From its arrival to the headers of its answer; null: not answered yet. */
  answeredAfterMs: number | null;
  /** True once its connection broke off before the answer was whole. */
  answerBrokenOff: boolean;
}

export type Command =
  | { do: "listen"; port: number }
  /** Refuses connections from now on, and breaks off those there are. */
  | { do: "close" }
  | { do: "behave"; behaviours: readonly Behaviour[] }
  | { do: "hits" }
  | { do: "forget" }
  | { do: "closes" }
  /** Sends one event to everyone who listens to `/sse`. */
  | { do: "push"; text: string };

export type CommandMessage = Command & { id: number };

export interface AnswerMessage {
  id: number;
  value: unknown;
  error?: string;
}
