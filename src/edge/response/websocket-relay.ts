/**
 * Stands between the two ends of a WebSocket to learn when it is over. Messages and close codes go through as they are;
 * a connection that broke off at one end is closed at the other, and an origin that does not answer a close is cut off.
 * There is no back-pressure between the two ends, and the runtime closes a socket at a message over 32 MiB that a
 * Worker reads (docs/platform.md, WebSockets), so sockets are relayed only in pools that need the count.
 * @module
 */

/** Stands for a close frame without a code (RFC 6455, 7.4.1). */
const NO_CODE = 1005;
/** Stand for an end without a close frame, so they cannot be sent on (RFC 6455, 7.4.1). */
const BROKEN_OFF = new Set([1006, 1015]);
/** Codes sent instead: bad gateway to the client, going away to the origin (IANA, WebSocket close codes). */
const [BAD_GATEWAY, GOING_AWAY] = [1014, 1001];
/** Replaces a code that must not be sent: its sender broke the protocol (RFC 6455, 7.4). */
const PROTOCOL_ERROR = 1002;
/** An origin that has not answered a close by then is cut off. */
const CLOSING_MS = 5_000;

export interface Relay {
  /** The end for the client. */
  client: WebSocket;
  /** Settles once the origin's end is over; never rejects. */
  over: Promise<void>;
}

/**
 * @param abort cuts the origin's connection off
 * @param gone aborts when the client goes away, of which its end hears nothing before the handshake is through
 */
export function relay(origin: WebSocket, abort: AbortController, gone: AbortSignal): Relay {
  const { 0: client, 1: ours } = new WebSocketPair();
  origin.accept();
  ours.accept();
  // Binary messages as they came, not as Blobs, which would have to be read before they could be sent on.
  origin.binaryType = "arraybuffer";
  ours.binaryType = "arraybuffer";
  passMessages(origin, ours);
  passMessages(ours, origin);
  return { client, over: untilOver(origin, ours, abort, gone) };
}

function untilOver(
  origin: WebSocket,
  ours: WebSocket,
  abort: AbortController,
  gone: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let cutOff: ReturnType<typeof setTimeout> | null = null;
    const endOrigin = (code: number, reason: string): void => {
      close(origin, code, reason);
      cutOff ??= setTimeout(() => {
        abort.abort();
        over();
      }, CLOSING_MS);
    };
    const leave = (): void => endOrigin(GOING_AWAY, "");
    const over = (): void => {
      if (cutOff !== null) clearTimeout(cutOff);
      // The listener holds the request, and the request its signal.
      gone.removeEventListener("abort", leave);
      resolve();
    };
    onEnd(ours, GOING_AWAY, endOrigin);
    onEnd(origin, BAD_GATEWAY, (code, reason) => {
      close(ours, code, reason);
      over();
    });
    gone.addEventListener("abort", leave);
  });
}

/** @param broken close code to send if it ends without a close frame */
function onEnd(socket: WebSocket, broken: number, ended: (code: number, reason: string) => void): void {
  socket.addEventListener("close", ({ code, reason }) => ended(BROKEN_OFF.has(code) ? broken : code, reason));
  socket.addEventListener("error", () => ended(broken, ""));
}

function passMessages(from: WebSocket, to: WebSocket): void {
  from.addEventListener("message", ({ data }) => {
    if (to.readyState === WebSocket.READY_STATE_OPEN) to.send(data);
  });
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === NO_CODE) socket.close();
    else if (isSendable(code)) socket.close(code, reason);
    else socket.close(PROTOCOL_ERROR, "");
  } catch {
    // It is closed already.
  }
}

/** The codes that the runtime takes: 1000 to 4999 but for those that stand for something that is not a frame. */
function isSendable(code: number): boolean {
  return code >= 1_000 && code <= 4_999 && code !== 1_004 && code !== NO_CODE && !BROKEN_OFF.has(code);
}
