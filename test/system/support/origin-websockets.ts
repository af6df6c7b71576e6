/**
 * WebSockets of a test origin: `/ws` echoes, `/ws-close/CODE/REASON` closes at the first message.
 * @module
 */
import type { IncomingMessage, Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

export function serveWebSockets(
  server: Server,
  name: string,
  record: (request: IncomingMessage) => void,
): void {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("headers", (headers) => headers.push(`x-origin: ${name}`));
  server.on("upgrade", (request, socket, head) => {
    record(request);
    sockets.handleUpgrade(request, socket, head, (webSocket) => converse(webSocket, request.url ?? ""));
  });
}

let open = 0;

export function openWebSockets(): number {
  return open;
}

function converse(socket: WebSocket, url: string): void {
  const [, first, code, reason] = url.split("/");
  open++;
  socket.once("close", () => open--);
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    if (first === "ws-close") socket.close(Number(code), decodeURIComponent(reason ?? ""));
    else socket.send(data, { binary: isBinary });
  });
  // Keeps the client's close code and reason for the test.
  socket.on("close", (closeCode, closeReason) =>
    closes.push({ code: closeCode, reason: String(closeReason) }),
  );
}

/** How WebSockets ended, in order. */
export const closes: { code: number; reason: string }[] = [];
