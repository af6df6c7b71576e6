/**
 * Real origins on loopback for the tests that run in workerd. Each echoes its request. The query controls the answer:
 * `?status=503`, `?location=URL`, `?cc=CACHE-CONTROL`, `?wait=MS`, `?pad=BYTES` of blanks in front. With `?gate=NAME`
 * the answer waits until somebody gets `/open?gate=NAME` at any origin; `/waiting?gate=NAME` returns how many wait.
 * `/down` and `/up` switch an origin off and on, and below `/hang` it never answers.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

// Not an import, because this project resolves packages like workerd and would get the `ws` for browsers.
const { WebSocketServer } = createRequire(import.meta.url)("ws") as typeof import("ws");

declare module "vitest" {
  export interface ProvidedContext {
    /** Base urls. */
    origins: string[];
  }
}

const ORIGINS = 5;

/** Answers that wait, by the name of their gate; null: the gate is open. */
const gates = new Map<string, (() => void)[] | null>();

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.all(Array.from({ length: ORIGINS }, (_, i) => start(`o${i}`)));
  project.provide(
    "origins",
    servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  );
  return async () => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  };
}

function start(name: string): Promise<Server> {
  let down = false;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://origin");
    if (url.pathname === "/down" || url.pathname === "/up") {
      down = url.pathname === "/down";
      response.end();
    } else if (url.pathname === "/open" || url.pathname === "/waiting") {
      const name = url.searchParams.get("gate") ?? "";
      response.end(String(gates.get(name)?.length ?? 0));
      if (url.pathname === "/open") open(name);
    } else if (url.pathname.startsWith("/hang")) {
      // Accepts and never answers.
    } else if (down) {
      request.socket.destroy();
    } else {
      answer(name, url, request, response);
    }
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => {
    socket.on("message", () => socket.send(JSON.stringify({ name, cookie: request.headers.cookie ?? null })));
  });
  return new Promise((started) => {
    server.listen(0, "127.0.0.1", () => started(server));
  });
}

function answer(name: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  response.statusCode = Number(url.searchParams.get("status") ?? 200);
  response.setHeader("set-cookie", ["one=1; Path=/", "two=2; Path=/"]);
  const location = url.searchParams.get("location");
  if (location !== null) response.setHeader("location", location);
  const cacheControl = url.searchParams.get("cc");
  if (cacheControl !== null) response.setHeader("cache-control", cacheControl);
  const pad = " ".repeat(Number(url.searchParams.get("pad") ?? 0));
  const body =
    pad + JSON.stringify({ name, url: request.url, method: request.method, headers: request.headers });
  const end = () => void response.end(body);
  const gate = url.searchParams.get("gate");
  if (gate === null) setTimeout(end, Number(url.searchParams.get("wait") ?? 0));
  else if (gates.get(gate) === null) end();
  else gates.set(gate, [...(gates.get(gate) ?? []), end]);
}

function open(gate: string): void {
  const held = gates.get(gate) ?? [];
  gates.set(gate, null);
  for (const end of held) end();
}
