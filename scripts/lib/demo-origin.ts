/**
 * A demo origin: a small HTTP and WebSocket server whose answers name it.
 * @module
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { Shop } from "./demo-shop.ts";

export interface DemoOrigin {
  readonly name: string;
  readonly url: string;
  readonly shop: Shop;
  stop(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** Longest time `/slow` takes. */
const MAX_SLOW_MS = 60_000;
const EVENTS = 5;
const EVENT_INTERVAL_MS = 500;

/** @param typicalMs typical time of its shop's answers */
export async function startDemoOrigin(name: string, typicalMs: number): Promise<DemoOrigin> {
  const shop = new Shop(name, typicalMs);
  const server = createServer((request, response) => {
    response.setHeader("x-origin", name);
    handle(name, shop, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  // Longer than the balancer keeps idle connections, so that none is closed while a request is being sent.
  server.keepAliveTimeout = 120_000;
  const sockets = echoWebSockets(server, name);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    shop,
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function handle(
  name: string,
  shop: Shop,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://origin");
  const [, first = "", second = ""] = url.pathname.split("/");
  if (first === "shop") return await shop.answer(second, response);
  const handler = HANDLERS.get(first) ?? greet(name);
  await handler(request, response, url);
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map(
  Object.entries<Handler>({
    healthz: (_request, response) => text(response, 200, "ok\n"),
    headers: (request, response) => json(response, request.headers),
    status: (_request, response, url) => {
      const status = Number(url.pathname.split("/")[2]);
      const valid = Number.isInteger(status) && status >= 200 && status <= 599;
      text(response, valid ? status : 400, `${response.getHeader("x-origin")} answers ${status}\n`);
    },
    slow: async (_request, response, url) => {
      const ms = Math.min(Number(url.searchParams.get("ms") ?? 2_000) || 0, MAX_SLOW_MS);
      await sleep(ms);
      text(response, 200, `${response.getHeader("x-origin")} after ${ms} ms\n`);
    },
    events: async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      for (let id = 1; id <= EVENTS && !response.destroyed; id++) {
        response.write(`id: ${id}\ndata: ${response.getHeader("x-origin")} ${new Date().toISOString()}\n\n`);
        await sleep(EVENT_INTERVAL_MS);
      }
      response.end();
    },
  }),
);

/** Plain text for people, JSON for programs that ask for it. */
function greet(name: string): Handler {
  return (request, response) => {
    const { method, url } = request;
    if (request.headers.accept?.includes("json")) json(response, { origin: name, method, url });
    else text(response, 200, `Hello from origin ${name}: ${method} ${url}\n`);
  };
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(body);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(`${JSON.stringify(value, null, 2)}\n`);
}

/** WebSockets at `/ws`: greets with the origin's name, then echoes messages. */
function echoWebSockets(server: Server, name: string): WebSocketServer {
  const sockets = new WebSocketServer({ server, path: "/ws" });
  sockets.on("connection", (socket) => {
    socket.send(`Hello from origin ${name}`);
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => socket.terminate());
  });
  return sockets;
}
