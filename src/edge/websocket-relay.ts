/**
 * Stands between the two ends of a WebSocket to learn when it is over. Messages and close codes go through as they
 * are; a connection that broke off at one end is closed at the other. There is no back-pressure between the two ends,
 * which is why sockets are only relayed where the count matters.
 * @module
 */

/** Stands for a close frame without a code (RFC 6455, 7.4.1). */
const NO_CODE = 1005;
/** Stand for an end without a close frame, so they cannot be sent on (RFC 6455, 7.4.1). */
const BROKEN_OFF = new Set([1006, 1015]);
/** What is said of that instead: to the client bad gateway, to the origin going away (IANA, WebSocket close codes). */
const [BAD_GATEWAY, GOING_AWAY] = [1014, 1001];

export interface Relay {
  /** The end for the client. */
  client: WebSocket;
  /** Settles once either side is gone; never rejects. */
  over: Promise<void>;
}

export function relay(origin: WebSocket): Relay {
  const { 0: client, 1: ours } = new WebSocketPair();
  origin.accept();
  ours.accept();
  // Binary messages as they came, not as Blobs, which would have to be read before they could be sent on.
  origin.binaryType = "arraybuffer";
  ours.binaryType = "arraybuffer";
  const over = Promise.race([pass(origin, ours, BAD_GATEWAY), pass(ours, origin, GOING_AWAY)]);
  return { client, over };
}

/**
 * Passes on what `from` receives; settles when it is closed.
 * @param broken what `to` is told if `from` ends without a close frame
 */
function pass(from: WebSocket, to: WebSocket, broken: number): Promise<void> {
  return new Promise((resolve) => {
    from.addEventListener("message", ({ data }) => {
      if (to.readyState === WebSocket.READY_STATE_OPEN) to.send(data);
    });
    from.addEventListener("close", ({ code, reason }) => {
      close(to, BROKEN_OFF.has(code) ? broken : code, reason);
      resolve();
    });
    from.addEventListener("error", () => {
      close(to, broken, "");
      resolve();
    });
  });
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (code === NO_CODE) socket.close();
    else socket.close(code, reason);
  } catch {
    // It is closed already.
  }
}
