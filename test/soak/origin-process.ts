/**
 * One origin of the soak: `node origin-process.ts NAME PORT LEDGER`. It writes every request to the ledger before it
 * answers, so that even SIGKILL loses no entry.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { openSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { bodyOf, type Encoding } from "../support/wire/bodies.ts";
import {
  type Arrival,
  ATTEMPT_TIMEOUT_S,
  FAULT_HEADER,
  type Fault,
  ID_HEADER,
  ONCE_HEADER,
  type OpenAtOrigin,
  ORIGIN_HEADER,
  type Order,
} from "./contract.ts";

const [, , name = "", port = "", ledgerFile = ""] = process.argv;
const ledger = openSync(ledgerFile, "a");
const sockets = new Set<Socket>();
const EVENT_MS = 40;
/** Gives written bytes time to leave before the connection ends. */
const CUT_MS = 20;
let fault: Fault | null = null;
const requests = new Set<IncomingMessage>();

const server = createServer((request, response) => {
  if (request.url === "/healthz" && fault === null) {
    response.end("ok");
    return;
  }
  requests.add(request);
  response.once("close", () => requests.delete(request));
  enter(request);
  answer(request, response).catch(() => response.destroy());
});
// The balancer closes idle connections, not this origin.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => socket.destroy());
});
// The balancer passes on that a client broke off its upload.
server.on("clientError", (_error, socket) => socket.destroy());

const webSockets = new WebSocketServer({ noServer: true });
webSockets.on("headers", (headers) => headers.push(`${ORIGIN_HEADER}: ${name}`));
server.on("upgrade", (request: IncomingMessage, socket: Socket, head) => {
  enter(request);
  if (fault !== null && misbehave(fault, request, socket)) return;
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  });
});

function describe({ method, url, headers, complete, destroyed }: IncomingMessage): string {
  return JSON.stringify({
    id: headers[ID_HEADER],
    method,
    url,
    length: headers["content-length"],
    complete,
    destroyed,
  });
}

function enter({ method = "", headers }: IncomingMessage): void {
  const id = headers[ID_HEADER];
  if (typeof id !== "string") return;
  const arrival: Arrival = { id, origin: name, method, once: headers[ONCE_HEADER] !== undefined };
  writeSync(ledger, `${JSON.stringify(arrival)}\n`);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader(ORIGIN_HEADER, name);
  response.setHeader(ID_HEADER, request.headers[ID_HEADER] ?? "");
  const now = fault;
  if (now === "slow") await sleep(ATTEMPT_TIMEOUT_S * 2_000);
  else if (now !== null && misbehave(now, request, request.socket)) return;
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://origin");
  if (now === "500" || now === "503") {
    await drain(request);
    response.writeHead(Number(now), { [FAULT_HEADER]: now }).end(`fault ${now}`);
  } else if (pathname === "/up") await takeUpload(request, response);
  else if (pathname === "/events") await sendEvents(response, Number(query.get("count")));
  else await send(request, response, query, now === "truncate");
}

/** @returns true if the fault has handled the request completely */
function misbehave(kind: Fault, request: IncomingMessage, socket: Socket): boolean {
  if (kind === "reset") socket.resetAndDestroy();
  else if (kind === "garbage") {
    socket.write("\x00\x01 this is no HTTP\r\n\r\n\xff");
    // Closes both halves: after a half-close, unread bytes would hide that the other side has closed.
    socket.destroySoon();
  } else if (request.headers.upgrade !== undefined && kind !== "truncate") socket.destroy();
  else return false;
  return true;
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  isCut: boolean,
): Promise<void> {
  await drain(request);
  await sleep(Number(query.get("delay") ?? 0));
  const encoding = (query.get("encoding") ?? "none") as Encoding;
  const body = bodyOf(Number(query.get("bytes") ?? 0), encoding);
  if (encoding !== "none") response.setHeader("content-encoding", encoding);
  if (query.get("framing") !== "chunked") response.setHeader("content-length", body.length);
  if (!isCut) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  await breakOff(response, body.subarray(0, body.length >> 1));
}

async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const text = `${bytes} ${hash.digest("hex")}`;
  if (fault === "truncate") {
    response.writeHead(200, { "content-length": text.length });
    await breakOff(response, text.slice(0, 10));
  } else response.end(text);
}

async function sendEvents(response: ServerResponse, count: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let event = 0; event < count && !response.destroyed; event++) {
    response.write(`data: ${event}\n\n`);
    await sleep(EVENT_MS);
  }
  response.end();
}

/** Sends a part of the body and then destroys the connection. */
async function breakOff(response: ServerResponse, part: Buffer | string): Promise<void> {
  if (part.length > 0) response.write(part);
  await sleep(CUT_MS);
  response.socket?.destroySoon();
}

async function drain(request: IncomingMessage): Promise<void> {
  for await (const _chunk of request) {
    // Not asked for, but it must be gone before the answer.
  }
}

async function listen(): Promise<void> {
  server.listen(Number(port), "127.0.0.1");
  await once(server, "listening");
}

async function obey(order: Order): Promise<OpenAtOrigin | null> {
  if ("ask" in order) {
    return {
      requests: [...requests].map(describe),
      webSockets: webSockets.clients.size,
      sockets: sockets.size,
    };
  }
  const wasRefusing = fault === "refuse";
  fault = order.fault;
  if (fault === "refuse") {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  } else if (wasRefusing) await listen();
  return null;
}

process.on("message", (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
// The soak has ended, normally or not.
process.on("disconnect", () => process.exit());

await listen();
process.send?.("ready");
