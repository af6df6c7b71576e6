/**
 * Stands between the two ends of a WebSocket to learn when it is over. Messages and close codes go through as they
 * are. There is no back-pressure between the two ends, which is why sockets are only relayed where the count matters.
 * @module
 */

/** Codes that only ever stand for something that was not sent (RFC 6455, 7.4.1). */
const NOT_SENDABLE = new Set([1004, 1005, 1006, 1015]);

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
  const over = Promise.race([pass(origin, ours), pass(ours, origin)]);
  return { client, over };
}

/** Passes on what `from` receives; settles when it is closed. */
function pass(from: WebSocket, to: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    from.addEventListener("message", ({ data }) => {
      if (to.readyState === WebSocket.READY_STATE_OPEN) to.send(data);
    });
    from.addEventListener("close", ({ code, reason }) => {
      close(to, code, reason);
      resolve();
    });
    from.addEventListener("error", () => {
      close(to, 1011, "");
      resolve();
    });
  });
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    if (NOT_SENDABLE.has(code)) socket.close();
    else socket.close(code, reason);
  } catch {
    // It is closed already.
  }
}
