/**
 * A client with one connection that sends exactly the given bytes and keeps the received ones.
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  type Head,
  type HeaderList,
  HttpReader,
  headerValue,
  type Message,
  responseFraming,
} from "./http-reader.ts";

export interface RawRequest {
  method: string;
  /** The target, unchanged in the request line. */
  target: string;
  /** Sent unchanged in latin1. `Host` is added if it is missing. */
  headers?: HeaderList;
  body?: Buffer;
  /** The framing of the body; "none": no header of framing. Default: "length" if there is a body. */
  framing?: "none" | "length" | "chunked";
  /** Size of the body's chunks in bytes. Default: one chunk. */
  chunkBytes?: number;
}

export interface RawReply extends Message {
  status: number;
  /** Heads of the preceding 1xx answers, except 101. */
  informational: readonly Head[];
  /** The received part of the body, if the caller wants it. */
  body: Buffer | null;
}

export interface ExchangeOptions {
  /** Ends the exchange with an error. */
  limitMs?: number;
  keepBody?: boolean;
  onBody?: (bytes: Buffer) => void;
}

/** Only ends an exchange that hangs. */
const LIMIT_MS = 120_000;

interface Waiting {
  method: string;
  informational: Head[];
  parts: Buffer[] | null;
  onBody: ((bytes: Buffer) => void) | undefined;
  resolve: (reply: RawReply) => void;
  reject: (error: Error) => void;
}

/** One at a time. The other side may close it after any answer. */
export class RawConnection {
  readonly socket: Socket;
  readonly #host: string;
  readonly #reader: HttpReader;
  #waiting: Waiting | null = null;
  isOpen = true;

  private constructor(socket: Socket, host: string) {
    this.socket = socket;
    this.#host = host;
    this.#reader = new HttpReader({
      framingOf: (head) => responseFraming(this.#waiting?.method ?? "GET", head),
      onHead: (head) => this.#onHead(head),
      onBody: (bytes) => {
        this.#waiting?.parts?.push(bytes);
        this.#waiting?.onBody?.(bytes);
      },
      onMessage: (message) => this.#onMessage(message),
    });
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#reader.push(bytes));
    socket.on("end", () => this.#ended(true, "the connection was closed"));
    socket.on("error", (error) => this.#ended(false, error.message));
    socket.on("close", () => this.#ended(false, "the connection broke off"));
  }

  static async open(base: string): Promise<RawConnection> {
    const { hostname, port, host } = new URL(base);
    const socket = connect({ port: Number(port), host: hostname });
    await once(socket, "connect");
    return new RawConnection(socket, host);
  }

  /** Sends a request and reads the whole answer. @throws if there is no answer, or none within the limit */
  async exchange(request: RawRequest, options: ExchangeOptions = {}): Promise<RawReply> {
    const reply = this.receive(request.method, options);
    // In one write, as clients do: a server that answers early may close before a second part arrives.
    this.socket.cork();
    for (const part of bytesOf(request, this.#host)) this.socket.write(part);
    this.socket.uncork();
    return reply;
  }

  /** Reads the answer to bytes that the caller writes to the socket. */
  receive(
    method: string,
    { limitMs = LIMIT_MS, keepBody = false, onBody }: ExchangeOptions = {},
  ): Promise<RawReply> {
    if (this.#waiting !== null) throw new Error("one at a time");
    const timer = setTimeout(() => {
      this.#ended(false, `no whole answer within ${limitMs} ms`);
      this.socket.destroy();
    }, limitMs);
    const reply = new Promise<RawReply>((resolve, reject) => {
      const parts = keepBody ? [] : null;
      this.#waiting = { method, informational: [], parts, onBody, resolve, reject };
    });
    return reply.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.isOpen = false;
    this.socket.destroy();
  }

  /** Bytes after the head of a 101. */
  takeRest(): Buffer {
    return this.#reader.takeRest();
  }

  #onHead(head: Head): void {
    if (this.#waiting !== null && responseFraming(this.#waiting.method, head) === null) {
      this.#waiting.informational.push(head);
    }
  }

  #onMessage(message: Message): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    const isLast = headerValue(message.headers, "connection")?.toLowerCase() === "close";
    if (message.framing === "close" || isLast) this.isOpen = false;
    waiting.resolve({
      ...message,
      status: Number(message.startLine.split(" ")[1]),
      informational: waiting.informational,
      body: waiting.parts === null ? null : Buffer.concat(waiting.parts),
    });
  }

  #ended(isClean: boolean, why: string): void {
    this.isOpen = false;
    // A body that ends or breaks off with the connection is an answer; a connection without any byte is not.
    this.#reader.end(isClean);
    this.#waiting?.reject(new Error(why));
    this.#waiting = null;
    this.socket.end();
  }
}

/** The runtime closes a connection that was idle for 5 s: one that is used as late as that may be closed meanwhile. */
const MOST_IDLE_MS = 1_000;

/** Reuses open connections, because thousands of new ones would use up the machine's ports. */
export class RawClient {
  readonly #base: string;
  readonly #idle: { connection: RawConnection; sinceMs: number }[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  async exchange(request: RawRequest, options?: ExchangeOptions): Promise<RawReply> {
    const connection = await this.#take();
    try {
      return await connection.exchange(request, options);
    } finally {
      if (connection.isOpen) this.#idle.push({ connection, sinceMs: performance.now() });
    }
  }

  close(): void {
    for (const { connection } of this.#idle) connection.close();
  }

  async #take(): Promise<RawConnection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { connection, sinceMs } = idle;
      if (connection.isOpen && performance.now() - sinceMs < MOST_IDLE_MS) return connection;
      connection.close();
    }
    return RawConnection.open(this.#base);
  }
}

/** One request on a connection of its own. */
export async function exchangeOnce(
  base: string,
  request: RawRequest,
  options?: ExchangeOptions,
): Promise<RawReply> {
  const connection = await RawConnection.open(base);
  try {
    return await connection.exchange(request, options);
  } finally {
    connection.close();
  }
}

/** A request as it goes out. */
export function bytesOf(request: RawRequest, host: string): Buffer[] {
  const { method, target, body, framing = body === undefined ? "none" : "length", chunkBytes } = request;
  const lines = (request.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`);
  if (!lines.some((line) => /^host:/i.test(line))) lines.unshift(`Host: ${host}\r\n`);
  if (framing === "length") lines.push(`Content-Length: ${body?.length ?? 0}\r\n`);
  if (framing === "chunked") lines.push("Transfer-Encoding: chunked\r\n");
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
  const content = body ?? Buffer.alloc(0);
  return [head, ...(framing === "chunked" ? chunksOf(content, chunkBytes) : [content])];
}

/** A body in chunks, the last one included. */
export function chunksOf(body: Buffer, chunkBytes = body.length): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < body.length; start += chunkBytes) {
    const part = body.subarray(start, start + chunkBytes);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return [...parts, Buffer.from("0\r\n\r\n")];
}
