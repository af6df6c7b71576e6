/**
 * One end of a WebSocket that sends any frames, valid or not, and keeps the received ones.
 * @module
 */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";

export const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Received {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  opcode: number;
  payload: Buffer;
}

/** The answer to the key of a handshake (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

export class FrameSocket {
  readonly #socket: Socket;
  readonly #isClient: boolean;
  readonly #inbox: Received[] = [];
  #wake: () => void = () => {};
  #parts: Buffer[] = [];
  #buffered = 0;
  #message: Received = { opcode: 0, payload: Buffer.alloc(0) };
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  #hasEnded = false;

  /** @param rest bytes that came after the handshake's head */
  constructor(socket: Socket, isClient: boolean, rest: Buffer = Buffer.alloc(0)) {
    this.#socket = socket;
    this.#isClient = isClient;
    socket.removeAllListeners("data");
    socket.on("data", (bytes: Buffer) => this.#push(bytes));
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      };
      socket.on("end", end).on("close", end).on("error", end);
    });
    if (rest.length > 0) this.#push(rest);
  }

  send(opcode: number, payload: Buffer): void {
    this.#socket.write(headOf(opcode, payload.length, this.#isClient));
    this.#socket.write(payload);
  }

  /** A close frame; code null: one without a body. */
  close(code: number | null, reason = ""): void {
    const body = Buffer.alloc(code === null ? 0 : 2 + Buffer.byteLength(reason));
    if (code !== null) body.writeUInt16BE(code, 0);
    if (code !== null) body.write(reason, 2);
    this.send(OPCODES.close, body);
  }

  /** The next message or control frame; null once the connection has ended. */
  async next(): Promise<Received | null> {
    for (;;) {
      const received = this.#inbox.shift();
      if (received !== undefined) return received;
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #push(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#buffered += bytes.length;
    for (;;) {
      const need = frameLength(this.#peek());
      if (need === null || this.#buffered < need) return;
      const all = Buffer.concat(this.#parts);
      this.#parts = [all.subarray(need)];
      this.#buffered = all.length - need;
      this.#take(all.subarray(0, need));
    }
  }

  /** The first bytes, enough for a frame's head, without a copy of a large message that is still incomplete. */
  #peek(): Buffer {
    const [first = Buffer.alloc(0)] = this.#parts;
    if (first.length < 14 && this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? first;
  }

  #take(frame: Buffer): void {
    const [first = 0, second = 0] = frame;
    const opcode = first & 0x0f;
    const start = headLength(second & 0x7f) + (second & 0x80 ? 4 : 0);
    const payload = Buffer.from(frame.subarray(start));
    if (second & 0x80) unmask(payload, frame.subarray(start - 4, start));
    if (opcode >= OPCODES.close) this.#inbox.push({ opcode, payload });
    else {
      if (opcode !== 0) this.#message = { opcode, payload };
      else this.#message.payload = Buffer.concat([this.#message.payload, payload]);
      if (first & 0x80) this.#inbox.push(this.#message);
    }
    this.#wake();
  }
}

/** The code of a close frame; null: it has none. */
export function codeOf({ payload }: Received): number | null {
  return payload.length < 2 ? null : payload.readUInt16BE(0);
}

function headOf(opcode: number, length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  // A mask of zeros changes no byte and is valid.
  const key = Buffer.alloc(isMasked ? 4 : 0);
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(headLength(short));
  head[0] = 0x80 | opcode;
  head[1] = mask | short;
  if (short === 126) head.writeUInt16BE(length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, key]);
}

function headLength(short: number): number {
  if (short === 127) return 10;
  return short === 126 ? 4 : 2;
}

/** Bytes of the first frame, head included; null: too few bytes have come to know. */
function frameLength(data: Buffer): number | null {
  const second = data[1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  const head = headLength(short);
  if (data.length < head) return null;
  const length =
    short === 127 ? Number(data.readBigUInt64BE(2)) : short === 126 ? data.readUInt16BE(2) : short;
  return head + (second & 0x80 ? 4 : 0) + length;
}

function unmask(payload: Buffer, key: Buffer): void {
  if (key.readUInt32LE(0) === 0) return;
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (key[i & 3] ?? 0);
}
