/**
 * Keeps an origin's count up until the client has its whole answer.
 *
 * Wrapping a body costs about as much as the rest of the path (docs/platform.md, what the data path costs), so a small
 * body of known length counts as ended with its headers: it ends a moment later anyway. Others are piped through a
 * native stream, never one of JavaScript, which would be ten times slower.
 * @module
 */
import { contentLength } from "../model/content-length.ts";
import type { InFlightRequest } from "../model/in-flight.ts";
import { relay } from "./websocket-relay.ts";

/** Bodies up to this size are not worth counting. */
const SMALL_BODY_BYTES = 65_536;
/** A response with a status beyond that can be passed on, but not made (docs/platform.md, statuses). */
const HIGHEST_STATUS = 599;

/** An origin's answer and what it keeps open. */
export interface Answer {
  readonly response: Response;
  readonly inFlight: InFlightRequest;
  /** Ends the answer at the origin. */
  readonly abort: AbortController;
}

/** How an answer that takes a while ended for its client; what the client broke off itself is over. */
export type AnswerEnd = "over" | "broken_off";

/** True if the response can be made anew, with other headers or another body. */
export function isRebuildable({ status }: Response): boolean {
  return status <= HIGHEST_STATUS;
}

/**
 * The response for the client. Its request stops counting when the body has ended, was cut off, or the client has gone.
 * @param countsSocket follow the WebSocket, if it becomes one, to its end by relaying its messages; otherwise it is
 *   passed through and let go at the handshake
 * @param gone aborts when the client goes away
 * @param trackLongResponse called for an answer that takes a while, with its end, which never rejects
 */
export function trackedResponse(
  { response, inFlight, abort }: Answer,
  countsSocket: boolean,
  gone: AbortSignal,
  trackLongResponse: (end: Promise<AnswerEnd>) => void,
): Response {
  // Whatever length its handshake says, as some servers do though none may (RFC 9110, 8.6).
  if (countsSocket && response.webSocket !== null) {
    const { client, over } = relay(response.webSocket, abort, gone);
    const closed = over.then((): AnswerEnd => {
      inFlight.release();
      return "over";
    });
    trackLongResponse(closed);
    return new Response(null, { status: 101, webSocket: client, headers: response.headers });
  }
  const length = contentLength(response);
  // Before all else, because most end here: each further look at a response is a call into the runtime.
  if (length !== null && length <= SMALL_BODY_BYTES) {
    inFlight.release();
    return response;
  }
  const release = (): void => inFlight.release();
  if (response.body === null || !isRebuildable(response)) {
    release();
    return response;
  }
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  const tracked = new Response(readable, response);
  const stop = (): void => abort.abort();
  const ended = (end: AnswerEnd): AnswerEnd => {
    gone.removeEventListener("abort", stop);
    release();
    return end;
  };
  // A stream without data does not notice that its reader has gone.
  gone.addEventListener("abort", stop);
  const piped = response.body.pipeTo(writable);
  trackLongResponse(
    piped.then(
      () => ended("over"),
      () => ended(gone.aborted ? "over" : "broken_off"),
    ),
  );
  return tracked;
}
