/**
 * A client for thousands of small requests. Node's own client would use more CPU time than the balancer. It knows only
 * the necessary part of HTTP/1.1: GET, one request at a time on a connection, responses with Content-Length.
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface LeanReply {
  status: number;
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

interface Waiting {
  resolve: (reply: LeanReply) => void;
  reject: (error: Error) => void;
}

const END_OF_HEADERS = "\r\n\r\n";

export class LeanConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #waiting: Waiting | null = null;
  #received = "";

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    // In latin1 a byte is a character, so lengths in bytes are lengths of the text.
    socket.setEncoding("latin1").setNoDelay(true);
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#answer();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the connection was closed")));
  }

  static async open(base: string): Promise<LeanConnection> {
    const { hostname, port, host } = new URL(base);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    return new LeanConnection(socket, host);
  }

  /** @param headers names in lower case; `host` only if it differs from the address */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<LeanReply> {
    if (this.#waiting !== null) throw new Error("one at a time");
    const all = { host: this.#host, ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(): void {
    const end = this.#received.indexOf(END_OF_HEADERS);
    if (end < 0) return;
    const [first = "", ...lines] = this.#received.slice(0, end).split("\r\n");
    const headers = new Map(lines.map(headerOf));
    const start = end + END_OF_HEADERS.length;
    const length = Number(headers.get("content-length"));
    if (Number.isNaN(length)) {
      this.#fail(new Error(`no Content-Length: ${first}`));
      return;
    }
    if (this.#received.length < start + length) return;
    const body = this.#received.slice(start, start + length);
    this.#received = this.#received.slice(start + length);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ status: Number(first.split(" ")[1]), headers, body });
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
    this.#socket.destroy();
  }
}

/** Sends a request for each item, `connections` at a time, and hands each answer to `take`. */
export async function forEachItem<T>(
  base: string,
  connections: number,
  items: Iterable<T> | AsyncIterable<T>,
  request: (item: T) => { path: string; headers?: Readonly<Record<string, string>> },
  take: (item: T, reply: LeanReply) => void,
): Promise<void> {
  const waiting = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const work = async (): Promise<void> => {
    const connection = await LeanConnection.open(base);
    for (let next = await waiting.next(); !next.done; next = await waiting.next()) {
      const { path, headers } = request(next.value);
      take(next.value, await connection.get(path, headers));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
}

/** Yields numbers from 0 at a given rate, without waiting for earlier ones to be handled. Late numbers come at once. */
export async function* paced(perSecond: number, count: number): AsyncGenerator<number> {
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    const earlyMs = startMs + (i * 1_000) / perSecond - performance.now();
    if (earlyMs > 0) await sleep(earlyMs);
    yield i;
  }
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
