/**
 * The process of one test origin: `node origin-process.ts NAME`. The test controls it over IPC.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviour, Command, CommandMessage, Hit } from "./origin-contract.ts";
import { answer, push } from "./origin-paths.ts";
import { closes, openWebSockets, serveWebSockets } from "./origin-websockets.ts";

const name = process.argv[2] ?? "origin";
const sockets = new Set<Socket>();
const connectionNumbers = new WeakMap<Socket, number>();
let connections = 0;
let hits: Hit[] = [];
let behaviours: readonly Behaviour[] = [];
/** Number of requests by behaviour. */
let turns = new Map<Behaviour, number>();

/** Requests whose answer is not complete. */
let unanswered = 0;

const server = createServer((request, response) => {
  unanswered++;
  response.once("close", () => unanswered--);
  watchAnswer(record(request), response);
  response.setHeader("x-origin", name);
  respond(request, response).catch(() => response.destroy());
});
// The balancer closes idle connections, not this origin.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
server.on("connection", (socket) => {
  connectionNumbers.set(socket, ++connections);
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => socket.destroy());
});
serveWebSockets(server, name, record);

function record(request: IncomingMessage): Hit {
  const hash = createHash("sha256");
  const hit: Hit = {
    atMs: Date.now(),
    method: request.method ?? "",
    url: request.url ?? "",
    headers: request.headers,
    connection: connectionNumbers.get(request.socket) ?? 0,
    bodyBytes: 0,
    bodySha256: "",
    bodyComplete: false,
    answeredAfterMs: null,
    answerBrokenOff: false,
  };
  hits.push(hit);
  request.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    hit.bodyBytes += chunk.length;
  });
  request.on("end", () => {
    hit.bodySha256 = hash.digest("hex");
    hit.bodyComplete = true;
  });
  return hit;
}

/** Records when the headers leave, which is with the handler's first write, and how the answer ends. */
function watchAnswer(hit: Hit, response: ServerResponse): void {
  const startedMs = performance.now();
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    hit.answeredAfterMs ??= performance.now() - startedMs;
    return writeHead(...args);
  };
  response.once("close", () => {
    hit.answerBrokenOff = !response.writableFinished;
  });
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const behaviour = behaviourFor(request.url ?? "/");
  const { delayMs = 0, headers, fault } = behaviour;
  const status = statusOf(behaviour);
  if (delayMs > 0) await sleep(delayMs);
  switch (fault) {
    case "hang":
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "close_mid_body":
      response.writeHead(200, { "content-length": 100_000 });
      response.write("x".repeat(50_000), () => request.socket.resetAndDestroy());
      return;
    case undefined:
      if (status === undefined) await answer(name, request, response);
      else
        response
          .writeHead(status, { "content-type": "text/plain", ...headers })
          .end(`${name} says ${status}\n`);
  }
}

function behaviourFor(url: string): Behaviour {
  const fitting = behaviours.filter(({ path = "" }) => url.startsWith(path));
  fitting.sort((one, other) => (other.path ?? "").length - (one.path ?? "").length);
  return fitting[0] ?? {};
}

function statusOf(behaviour: Behaviour): number | undefined {
  const { status, statuses } = behaviour;
  if (statuses === undefined) return status;
  const turn = turns.get(behaviour) ?? 0;
  turns.set(behaviour, turn + 1);
  const now = statuses[turn % statuses.length];
  return now === 200 ? undefined : now;
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case "listen":
      server.listen(command.port, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    case "close":
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await once(server, "close");
      return null;
    case "behave":
      behaviours = command.behaviours;
      turns = new Map();
      return null;
    case "hits":
      return hits;
    case "forget":
      hits = [];
      return null;
    case "closes":
      return closes;
    case "open":
      return unanswered + openWebSockets();
    case "push":
      return push(command.text);
  }
}

process.on("message", (message: CommandMessage) => {
  obey(message).then(
    (value) => process.send?.({ id: message.id, value }),
    (error: unknown) => process.send?.({ id: message.id, value: null, error: String(error) }),
  );
});
// The tests have ended, normally or not.
process.on("disconnect", () => process.exit());
