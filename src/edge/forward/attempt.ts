/**
 * One attempt: sends a request to one origin, waits for its headers, and returns how it ended.
 * @module
 */
import { isConnectFailureStatus } from "../../core/retry/retry-policy.ts";
import type { EdgeRequest } from "../model/edge-request.ts";
import type { EdgeServer } from "../model/edge-server.ts";
import type { Surroundings, Timer, TimerStarter } from "../model/surroundings.ts";
import type { AttemptEnd } from "./blame.ts";
import type { BodyPump } from "./body-pump.ts";
import type { AttemptBody } from "./replayable-body.ts";

export interface AttemptResult {
  readonly end: AttemptEnd;
  /** The origin's answer; null if there is none for the client. */
  readonly response: Response | null;
  /** The status that says why, if it is not the answer's own; null: there was none. */
  readonly status: number | null;
}

/** Changes the headers of a request that is about to be sent. */
export type PrepareHeaders = (headers: Headers, server: EdgeServer) => void;

export interface Sending {
  readonly edge: EdgeRequest;
  readonly server: EdgeServer;
  /** Makes the headers to send from the client's headers. */
  readonly prepare: PrepareHeaders;
  readonly body: AttemptBody;
  /** From the end of the request's body until the headers must have come; the answer's body may take longer. */
  readonly timeoutMs: number;
  /** Longest pause while the request's body is being sent. */
  readonly longestPauseMs: number;
  /** Ends the attempt, and its answer. */
  readonly abort: AbortController;
  readonly timers: TimerStarter;
  readonly surroundings: Pick<Surroundings, "senderTo">;
}

/** A status that stands for a response that cannot be an answer. */
const BAD_GATEWAY = 502;

/**
 * Here and not in the `Request`, where it would get lost: a body that is piped on must not be decoded and encoded again
 * (docs/platform.md, body passthrough).
 */
const AS_IT_COMES: RequestInit = { encodeResponseBody: "manual" };

/**
 * An attempt under way. Not an async function, because each of those that a request is suspended in takes some 300 bytes
 * of what the collector has to go through.
 */
export class Attempt {
  readonly #sending: Sending;
  readonly #pump: BodyPump | null;
  /** Null: nothing was sent. */
  #timer: Timer | null = null;
  /** The reason with which the timer ended it; null: it did not. */
  #end: AttemptEnd | null = null;

  constructor(sending: Sending) {
    this.#sending = sending;
    this.#pump = sending.body.kind === "stream" ? sending.body.pump : null;
  }

  /** Its headers, for `answered`; null: it cannot be sent. What it throws, now or later, is for `failed`. */
  send(): Promise<Response> | null {
    const { body, abort, server, surroundings, timeoutMs } = this.#sending;
    const send = surroundings.senderTo(server.binding);
    if (send === null) return null;
    const sent = body.kind === "request" ? carried(body.request, this.#sending) : null;
    const init = sent === null ? initOf(this.#sending) : commonInit(server);
    this.#startTimer(this.#pump === null ? timeoutMs : this.#leftMs(this.#pump));
    // Runs on beside the answer, which may come before the body's end. It never rejects.
    void this.#pump?.run(() => abort.abort());
    return send(sent ?? urlOf(this.#sending), init);
  }

  /** What `send` gave is here. */
  answered(response: Response | null): AttemptResult {
    this.#timer?.stop();
    // The pool leaves such origins out (pool/pool-servers.ts): this one has become such since it was picked.
    return response === null ? ended("connection_lost") : answerOf(response, this.#sending);
  }

  /** `send` has failed. @throws an error that is not the origin's doing: the request could not be made */
  failed(error: unknown): AttemptResult {
    if (this.#timer === null) throw error;
    this.#timer.stop();
    // Where `fetch` makes the request itself, its error does not tell whether there was one.
    if (this.#sending.body.kind !== "request") checkMakeable(this.#sending);
    return ended(this.#end ?? (this.#pump?.isBroken ? "body_broken" : failureOf(this.#sending)));
  }

  /**
   * Ends it if its headers do not come. Not AbortSignal.timeout(): that one would also cut the answer's body off
   * (docs/platform.md, time-outs).
   */
  #startTimer(ms: number): void {
    this.#timer = this.#sending.timers.startTimer(ms, () => this.#timeIsUp());
  }

  #timeIsUp(): void {
    const { body, abort } = this.#sending;
    const leftMs = this.#pump === null ? 0 : this.#leftMs(this.#pump);
    if (leftMs > 0) {
      this.#startTimer(leftMs);
      return;
    }
    if (this.#pump?.waitsForClient) this.#end = "body_stalled";
    else this.#end = body.kind === "request" && !body.isWhole ? "unclear" : "timeout";
    abort.abort();
  }

  #leftMs(pump: BodyPump): number {
    const { timeoutMs, longestPauseMs, timers } = this.#sending;
    return pump.quietSinceMs + (pump.isOver ? timeoutMs : longestPauseMs) - timers.now();
  }
}

function urlOf({ server, edge }: Sending): string {
  return server.base + edge.sentTarget;
}

/** Arguments of `fetch` that do not depend on the request. */
function commonInit({ cf }: EdgeServer): RequestInit {
  return cf === null ? AS_IT_COMES : { ...AS_IT_COMES, cf };
}

/**
 * Arguments from which `fetch` makes the request. A `Request` made in JavaScript would be one more object of the
 * runtime's.
 */
function initOf({ edge, server, prepare, body, abort }: Sending): RequestInit {
  const headers = new Headers(edge.request.headers);
  prepare(headers, server);
  const { signal } = abort;
  return {
    ...commonInit(server),
    method: edge.method,
    headers,
    body: payloadOf(body),
    redirect: "manual",
    signal,
  };
}

/** A GET with a body can only be made from a GET with a body. */
function carried(carrier: Request, sending: Sending): Request {
  const { signal } = sending.abort;
  const request = new Request(new Request(urlOf(sending), carrier), { signal, redirect: "manual" });
  sending.prepare(request.headers, sending.server);
  return request;
}

/** @throws TypeError if the request could not be made, so that it was not sent */
function checkMakeable(sending: Sending): void {
  const { edge } = sending;
  new Request(urlOf(sending), { method: edge.method, headers: edge.request.headers });
}

function payloadOf(body: AttemptBody): BodyInit | null {
  if (body.kind === "bytes") return body.bytes;
  return body.kind === "stream" ? body.pump.readable : null;
}

function answerOf(response: Response, { edge, abort }: Sending): AttemptResult {
  const { status } = response;
  // Cloudflare answers with these for an origin it cannot reach, instead of an exception.
  if (isConnectFailureStatus(status)) {
    discard(response);
    return { end: "connect_failure", response: null, status };
  }
  if (status === 101 && edge.upgrade !== "websocket") {
    // A tunnel without a request for it: the bytes after it are in no protocol that the client speaks.
    abort.abort();
    return { end: "status", response: null, status: BAD_GATEWAY };
  }
  return { end: isFailure(status) ? "status" : "success", response, status: null };
}

/** A failure of the origin is no answer, or one of 500 and above; 501 and 505 are about the request (HAProxy). */
function isFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505;
}

function ended(end: AttemptEnd): AttemptResult {
  return { end, response: null, status: null };
}

/** Control characters other than a tab. */
const CONTROL = /[^\P{Cc}\t]/u;

/**
 * Characters of a target and its headers from which servers hang up: Node takes 16 KB of them (`--max-http-header-size`),
 * Apache and Tomcat half of that. What is added here is counted by the server and not by this.
 */
const LARGE_HEAD = 15 * 1_024;

/**
 * Why `fetch` has no answer, if nothing else tells. It matters only after a failure, so it is asked only then.
 *
 * An origin may hang up on a header that no client may send (RFC 9110, 5.5; docs/platform.md, headers), and on a large
 * head: its 400 or 431 is lost with the connection if a body is on its way. Without a body that answer comes, so a lost
 * connection may be an origin that is gone. If the platform sends a body by itself, either side may have failed.
 */
function failureOf({ body, edge }: Sending): AttemptEnd {
  if ([...edge.request.headers.values()].some((value) => CONTROL.test(value))) return "hung_up";
  if (isLargeHead(edge)) return body.kind === "none" ? "connection_lost" : "hung_up";
  return body.kind === "request" && !body.isWhole ? "connection_lost" : "connect_failure";
}

function isLargeHead({ request, sentTarget }: EdgeRequest): boolean {
  let length = sentTarget.length;
  for (const [name, value] of request.headers) length += name.length + value.length;
  return length >= LARGE_HEAD;
}

/** Cancels a response that nobody will read, so that it does not hold a connection. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => {
    // The origin has closed it already, which is the aim.
  });
}
