/**
 * Opens a WebSocket through the balancer and controls both of its ends by raw frames.
 * @module
 */
import type { Socket } from "node:net";
import { expect } from "vitest";
import { noise } from "../../../support/wire/bodies.ts";
import { acceptOf, FrameSocket, OPCODES } from "../../../support/wire/frames.ts";
import { type HeaderList, headerValue, type Message } from "../../../support/wire/http-reader.ts";
import { RawConnection, type RawReply } from "../../../support/wire/raw-connection.ts";
import { unlessRefused } from "./pools.ts";
import { CASE_HEADER, ScriptedOrigin } from "./scripted-origin.ts";

/** The example of RFC 6455, 1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export const HANDSHAKE: HeaderList = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", KEY],
];

/** An origin that takes every handshake and leaves the rest to the test. */
export class WebSocketOrigin {
  readonly #origin: ScriptedOrigin;
  readonly #accepted: Map<string, FrameSocket>;

  private constructor(origin: ScriptedOrigin, accepted: Map<string, FrameSocket>) {
    this.#origin = origin;
    this.#accepted = accepted;
  }

  static async start(): Promise<WebSocketOrigin> {
    const accepted = new Map<string, FrameSocket>();
    const origin = await ScriptedOrigin.start((socket, message) => accept(accepted, socket, message));
    return new WebSocketOrigin(origin, accepted);
  }

  get url(): string {
    return this.#origin.url;
  }

  get openSockets(): number {
    return this.#origin.openSockets;
  }

  /** The origin's end of a client's socket. */
  take(mark: string): FrameSocket {
    const socket = this.#accepted.get(mark);
    if (socket === undefined) throw new Error("no handshake arrived");
    return socket;
  }

  stop(): Promise<void> {
    return this.#origin.stop();
  }
}

function accept(accepted: Map<string, FrameSocket>, socket: Socket, { headers }: Message): void {
  const key = headerValue(headers, "sec-websocket-key");
  if (key === undefined || headerValue(headers, "x-refuse") !== undefined) {
    socket.write("HTTP/1.1 403 No\r\nContent-Length: 7\r\nX-Own: 1\r\n\r\nrefused");
    return;
  }
  accepted.set(headerValue(headers, CASE_HEADER) ?? "", new FrameSocket(socket, false));
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      `Sec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
  );
}

/** A handshake as it is told; the socket's end of it if it was accepted. */
export async function shake(
  base: string,
  headers: HeaderList,
  method = "GET",
): Promise<{ reply: RawReply; socket: FrameSocket | null; connection: RawConnection }> {
  const { reply, connection } = await unlessRefused(async () => {
    const connection = await RawConnection.open(base);
    const reply = await connection.exchange({ method, target: "/socket", headers }, { keepBody: true });
    return { ...reply, reply, connection };
  });
  if (reply.status !== 101) return { reply, socket: null, connection };
  return { reply, socket: new FrameSocket(connection.socket, true, connection.takeRest()), connection };
}

let marks = 0;

/** An accepted WebSocket's two ends. */
export async function pair(
  base: string,
  origin: WebSocketOrigin,
  host: string,
): Promise<{ client: FrameSocket; server: FrameSocket }> {
  const mark = `socket-${++marks}`;
  const { reply, socket } = await shake(base, [["Host", host], [CASE_HEADER, mark], ...HANDSHAKE]);
  if (socket === null) throw new Error(`the handshake was answered ${reply.startLine}`);
  return { client: socket, server: origin.take(mark) };
}

/** Binary and text messages of each size come out at the other end whole and in order. */
export async function messagesArrive(
  from: FrameSocket,
  to: FrameSocket,
  sizes: readonly number[],
): Promise<void> {
  for (const [index, bytes] of sizes.entries()) {
    const binary = noise(bytes, index);
    const text = Buffer.from("é€".repeat(bytes / 5).concat("x".repeat(bytes % 5)));
    from.send(OPCODES.binary, binary);
    from.send(OPCODES.text, text);
    const [first, second] = [await to.next(), await to.next()];
    expect([first?.opcode, first?.payload.equals(binary)], `binary of ${bytes}`).toEqual([2, true]);
    expect([second?.opcode, second?.payload.equals(text)], `text of ${bytes}`).toEqual([1, true]);
  }
}
