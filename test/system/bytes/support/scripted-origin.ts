/**
 * An origin on plain sockets that writes the bytes that its request asks for: the query has status, size, framing and
 * encoding. It keeps the received bytes unchanged.
 * @module
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { bodyOf, type Encoding, labelOf } from "../../../support/wire/bodies.ts";
import {
  type Framing,
  type HeaderList,
  HttpReader,
  headerValue,
  type Message,
  requestFraming,
} from "../../../support/wire/http-reader.ts";
import { chunksOf } from "../../../support/wire/raw-connection.ts";

/** An answer to ask for. */
export interface Script {
  status: number;
  bytes: number;
  framing: Exclude<Framing, "none">;
  encoding: Encoding;
}

/** Marks a request, so that a test finds what arrived for it. */
export const CASE_HEADER = "x-case";

/** Headers of every answer: what a proxy likes to merge, sort, or read as another charset. */
const HEADERS: HeaderList = [
  ["Date", "Mon, 30 Nov 2026 00:00:00 GMT"],
  ["Server", "scripted/1.0 (raw)"],
  ["Content-Type", "text/plain; charset=x-own"],
  ["Set-Cookie", "a=1; Path=/"],
  ["Set-Cookie", "b=2; HttpOnly; Expires=Thu, 01 Jan 2099 00:00:00 GMT"],
  ["ETag", 'W/"odd, with comma"'],
  ["Vary", "Accept-Encoding, X-Own"],
  ["Cache-Control", 'no-transform, private="x"'],
  ["Last-Modified", "Sun, 29 Nov 2026 00:00:00 GMT"],
  ["X-Twice", "1"],
  ["X-Twice", "2"],
  ["X-CaSe-Kept", "Gr\xfc\xdfe \xc3\xa9"],
  ["Link", "</a.css>; rel=preload"],
  ["Via", "1.1 origin-side"],
];

/** Larger ones are cut here, at no round number. */
const CHUNK_BYTES = 50_021;

export class ScriptedOrigin {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What arrived, by its mark, in order; whole or not. */
  readonly received = new Map<string, Message[]>();
  /** Of all requests, as they come. */
  bodyBytes = 0;

  readonly #respond: (socket: Socket, message: Message) => void;

  private constructor(server: Server, respond: (socket: Socket, message: Message) => void) {
    this.#server = server;
    this.#respond = respond;
    server.on("connection", (socket) => this.#serve(socket));
  }

  /** @param respond writes the answer; default: what the query asks for */
  static async start(respond = asAsked): Promise<ScriptedOrigin> {
    const server = createServer({ allowHalfOpen: true });
    const origin = new ScriptedOrigin(server, respond);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** The one request with this mark, from now on forgotten. @throws if there was none, or more than one */
  take(mark: string): Message {
    const messages = this.received.get(mark) ?? [];
    this.received.delete(mark);
    const [message] = messages;
    if (message === undefined || messages.length > 1) throw new Error(`${messages.length} requests arrived`);
    return message;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    const reader = new HttpReader({
      framingOf: requestFraming,
      onHead: ({ headers }) => {
        if (headerValue(headers, "expect") === "100-continue") socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      },
      onBody: (bytes) => {
        this.bodyBytes += bytes.length;
      },
      onMessage: (message) => this.#answer(socket, message),
    });
    socket.on("data", (bytes: Buffer) => reader.push(bytes));
    socket.on("end", () => {
      reader.end(true);
      socket.end();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #answer(socket: Socket, message: Message): void {
    const mark = headerValue(message.headers, CASE_HEADER);
    if (mark !== undefined) this.received.set(mark, [...(this.received.get(mark) ?? []), message]);
    if (message.isComplete) this.#respond(socket, message);
  }
}

function asAsked(socket: Socket, { startLine }: Message): void {
  const [method = "", target = ""] = startLine.split(" ");
  for (const part of answerTo(method, target)) socket.write(part);
  if (scriptOf(target).framing === "close") socket.end();
}

/** The request target that asks for an answer. */
export function targetOf(script: Script): string {
  const { status, bytes, framing, encoding } = script;
  return `/scripted?status=${status}&bytes=${bytes}&framing=${framing}&encoding=${encoding}`;
}

function scriptOf(target: string): Script {
  const query = new URLSearchParams(target.slice(target.indexOf("?") + 1));
  return {
    status: Number(query.get("status") ?? 200),
    bytes: Number(query.get("bytes") ?? 0),
    framing: (query.get("framing") ?? "length") as Script["framing"],
    encoding: (query.get("encoding") ?? "none") as Encoding,
  };
}

function answerTo(method: string, target: string): Buffer[] {
  const { status, bytes, framing, encoding } = scriptOf(target);
  const body = bodyOf(bytes, encoding);
  const label = labelOf(encoding);
  const lines = [...HEADERS.map(([name, value]) => `${name}: ${value}\r\n`)];
  if (label !== null) lines.push(`Content-Encoding: ${label}\r\n`);
  if (status === 206) lines.push(`Content-Range: bytes 10-${bytes + 9}/30000000\r\n`);
  // An answer of 204 has no framing at all (RFC 9110, 8.6).
  if (framing === "length" && status !== 204) lines.push(`Content-Length: ${body.length}\r\n`);
  if (framing === "chunked" && status !== 204) lines.push("Transfer-Encoding: chunked\r\n");
  if (framing === "close") lines.push("Connection: close\r\n");
  const head = Buffer.from(`HTTP/1.1 ${status} As Told\r\n${lines.join("")}\r\n`, "latin1");
  if (method === "HEAD" || status === 204 || status === 304) return [head];
  return [head, ...(framing === "chunked" ? chunksOf(body, CHUNK_BYTES) : [body])];
}
