/**
 * An origin and a client made of bare sockets. They send given bytes at given times and keep the received ones. Use them
 * for incomplete or malformed messages; for complete ones see test/support/wire/raw-connection.ts.
 * @module
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { acceptOf } from "../../support/wire/frames.ts";
import { eventually } from "./eventually.ts";

/** A connection to the origin with the received bytes. */
export class BareConnection {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => {
      this.received = Buffer.concat([this.received, data]);
    });
    socket.on("close", () => {
      this.isClosed = true;
    });
    socket.on("error", () => {});
  }

  /** Everything so far, a byte a character. */
  get text(): string {
    return this.received.toString("latin1");
  }

  /** The bytes after the request's head. */
  get body(): string {
    return this.text.slice(this.text.indexOf("\r\n\r\n") + 4);
  }

  /** Answers a WebSocket handshake. @param more headers */
  acceptWebSocket(...more: string[]): void {
    const key = /^sec-websocket-key: (.*)\r$/im.exec(this.text)?.[1] ?? "";
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      ...more,
    ];
    this.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  }
}

/** Handles a request whose head has arrived; called once for each connection. */
export type BareAnswer = (connection: BareConnection) => void;

/** Ends the connection with the answer, so that each request has a connection of its own. */
export function sends(head: string, body: string | Buffer = ""): BareAnswer {
  return ({ socket }) => {
    socket.write(`HTTP/1.1 ${head}\r\nconnection: close\r\n\r\n`);
    socket.end(body);
  };
}

/** Answers 200 with the body's length once the whole body has arrived. */
export const takesAll: BareAnswer = (connection) => {
  const answer = () => {
    const length = Number(/^content-length: (\d+)\r$/im.exec(connection.text)?.[1] ?? Number.NaN);
    const isWhole = Number.isNaN(length)
      ? !/^transfer-encoding/im.test(connection.text) || connection.body.endsWith("0\r\n\r\n")
      : connection.body.length >= length;
    if (!isWhole) return;
    connection.socket.off("data", answer);
    connection.socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
  };
  connection.socket.on("data", answer);
  answer();
};

/** Never sends a byte. */
export const silent: BareAnswer = () => {};

export class BareOrigin {
  readonly connections: BareConnection[] = [];
  readonly url: string;
  answer: BareAnswer;
  readonly #server: Server;

  private constructor(server: Server, answer: BareAnswer) {
    this.#server = server;
    this.answer = answer;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket) => this.#serve(new BareConnection(socket)));
  }

  static async start(answer: BareAnswer): Promise<BareOrigin> {
    const server = createServer({ allowHalfOpen: false });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new BareOrigin(server, answer);
  }

  #serve(connection: BareConnection): void {
    this.connections.push(connection);
    const onData = () => {
      if (!connection.text.includes("\r\n\r\n")) return;
      connection.socket.off("data", onData);
      this.answer(connection);
    };
    connection.socket.on("data", onData);
  }

  /** Requests that arrived. */
  get requests(): BareConnection[] {
    return this.connections.filter(({ text }) => text.includes("\r\n\r\n"));
  }

  /** The next request that arrives from now on. */
  async next(): Promise<BareConnection> {
    const before = this.requests.length;
    return eventually("a request at the origin", () => this.requests[before]);
  }

  get open(): number {
    return this.requests.filter(({ isClosed }) => !isClosed).length;
  }

  stop(): void {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
  }
}

/** A client's connection to the balancer. */
export class BareClient extends BareConnection {
  /** Opens a connection and sends the bytes. */
  static async send(base: string, data: string | Buffer): Promise<BareClient> {
    const { hostname, port } = new URL(base);
    // Half-open, so that a client that has ended its half still reads the answer.
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const client = new BareClient(socket);
    await once(socket, "connect");
    socket.setNoDelay(true);
    socket.write(data);
    return client;
  }

  /** The status, once the head has arrived. */
  async status(): Promise<number> {
    return eventually(
      "the head of an answer",
      () => Number(/^HTTP\/1\.1 (\d+)/.exec(this.text)?.[1] ?? 0) || null,
    );
  }

  /** The status and the problem's type. */
  async problem(): Promise<[number, string]> {
    const status = await this.status();
    const type = await eventually("a problem", () => /"type":"(\w+)"/.exec(this.text)?.[1]);
    return [status, type];
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** The head of a request; for `raw.test`, unless one of the headers is another host. */
export function head(line: string, ...headers: string[]): string {
  const host = headers.some((header) => /^host:/i.test(header)) ? [] : ["host: raw.test"];
  return `${[`${line} HTTP/1.1`, ...host, "connection: close", ...headers].join("\r\n")}\r\n\r\n`;
}

/** A body without its framing in chunks; the received part if it broke off. */
export function dechunked(data: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = data.indexOf("\r\n", at);
    const length = Number.parseInt(data.toString("latin1", at, end), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(data.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
