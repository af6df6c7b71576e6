/**
 * Keeps an origin's count up until the client has its whole answer.
 *
 * Wrapping a body costs about as much as the rest of the path (PLATFORM: what the data path costs), so a small body
 * of known length is let go with its headers: it is gone a moment later anyway. Others are piped through a native
 * stream, never one of JavaScript, which would be ten times slower.
 * @module
 */
import type { Hold } from "./hold.ts";
import { relay } from "./websocket-relay.ts";

/** Bodies up to this size are not worth counting. */
const SMALL_BODY_BYTES = 65_536;

/**
 * The response for the client. The hold is released when its body has ended, was cut off, or the client has gone.
 * @param countsSockets follow WebSockets to their end by relaying their messages; otherwise they are passed through
 *   and let go at the handshake
 * @param accompany told of an answer that takes a while, with its end, which never rejects
 */
export function countedResponse(
  response: Response,
  hold: Hold,
  countsSockets: boolean,
  accompany: (over: Promise<void>) => void,
): Response {
  const length = contentLength(response);
  // First, because most end here: each further look at a response is a call into the runtime.
  if (length !== null && length <= SMALL_BODY_BYTES) {
    hold.release();
    return response;
  }
  const release = (): void => hold.release();
  if (response.webSocket !== null && countsSockets) {
    const { client, over } = relay(response.webSocket);
    accompany(over.then(release));
    return new Response(null, { status: 101, webSocket: client, headers: response.headers });
  }
  if (response.body === null) {
    release();
    return response;
  }
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  accompany(response.body.pipeTo(writable).then(release, release));
  return new Response(readable, response);
}

function contentLength(response: Response): number | null {
  const text = response.headers.get("content-length");
  return text === null ? null : Number(text);
}
