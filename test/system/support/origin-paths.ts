/**
 * The answers of a test origin, by path.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";

type Handler = (exchange: Exchange) => void | Promise<void>;

interface Exchange {
  name: string;
  request: IncomingMessage;
  response: ServerResponse;
  /** The part of the path after the handler's own: `/bytes/100` -> `100`. */
  rest: string;
}

/** A text long enough to be compressed. */
const TEXT = Array.from({ length: 400 }, (_, line) => `line ${line} of a text that compresses well\n`).join(
  "",
);
const RANGE_BODY = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));
const DRIP_MS = 50;
const ETAG = '"v1"';
const BLOCK = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 2_654_435_761) >>> 24));

const listeners = new Set<ServerResponse>();

export async function answer(
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?");
  const [, first = "", ...others] = path.split("/");
  const handler = HANDLERS.get(first) ?? echo;
  await handler({ name, request, response, rest: others.join("/") });
}

/** Sends an event to all clients of `/sse`. @returns their number */
export function push(text: string): number {
  for (const listener of listeners) listener.write(`data: ${text}\n\n`);
  return listeners.size;
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map(
  Object.entries<Handler>({
    healthz: ({ response }) => void response.end("ok"),
    status: ({ response, rest }) => void response.writeHead(Number(rest)).end(),
    gzip: ({ response }) => encoded(response, "gzip", gzipSync(TEXT)),
    br: ({ response }) => encoded(response, "br", brotliCompressSync(TEXT)),
    cookies: ({ response }) => {
      response.setHeader("set-cookie", [
        "a=1; Path=/",
        "b=2; HttpOnly",
        "c=3; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
      ]);
      response.end("cookies");
    },
    redirect: ({ response }) => void response.writeHead(302, { location: "/elsewhere?x=1" }).end(),
    etag: ({ request, response }) => {
      const known = request.headers["if-none-match"] === ETAG;
      response.writeHead(known ? 304 : 200, { etag: ETAG }).end(known ? undefined : "v1");
    },
    range,
    bytes: ({ response, rest }) => bytes(response, Number(rest)),
    /** A download without end. */
    drip: ({ response }) => {
      response.flushHeaders();
      const timer = setInterval(() => response.write("drop\n"), DRIP_MS);
      response.once("close", () => clearInterval(timer));
    },
    /** Answers after that many milliseconds. */
    delay: async (exchange) => {
      await sleep(Number(exchange.rest));
      echo(exchange);
    },
    /** Reads the whole body before it answers. The test finds the body's digest in the recorded request. */
    upload: async ({ request, response }) => {
      await finished(request, { writable: false });
      response.end("received");
    },
    sse: ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.flushHeaders();
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
    },
    "hop-by-hop": ({ response }) => {
      response.setHeader("connection", "x-private");
      response.setHeader("x-private", "for the next hop only");
      response.setHeader("x-public", "for the client");
      response.end("hop");
    },
  }),
);

/** Answers with a description of the request. */
function echo({ name, request, response }: Exchange): void {
  const { method, url, headers } = request;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ origin: name, method, url, headers }));
}

function encoded(response: ServerResponse, encoding: string, body: Buffer): void {
  response.writeHead(200, {
    "content-type": "text/plain",
    "content-encoding": encoding,
    "content-length": body.length,
    vary: "accept-encoding",
  });
  response.end(body);
}

function range({ request, response }: Exchange): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined || to === undefined) {
    response
      .writeHead(200, { "accept-ranges": "bytes", "content-length": RANGE_BODY.length })
      .end(RANGE_BODY);
    return;
  }
  const part = RANGE_BODY.subarray(Number(from), Number(to) + 1);
  response.writeHead(206, {
    "content-range": `bytes ${from}-${to}/${RANGE_BODY.length}`,
    "content-length": part.length,
  });
  response.end(part);
}

/** That many bytes, the same ones each time. */
async function bytes(response: ServerResponse, length: number): Promise<void> {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length });
  await pipeline(Readable.from(blocks(length)), response);
}

function* blocks(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= BLOCK.length)
    yield BLOCK.subarray(0, Math.min(left, BLOCK.length));
}
