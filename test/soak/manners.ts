/**
 * The ways in which the soak's clients send a request: completely, slowly, only half of it, or malformed.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, FrameSocket, OPCODES } from "../support/wire/frames.ts";
import { headerValue } from "../support/wire/http-reader.ts";
import { bytesOf, type RawConnection } from "../support/wire/raw-connection.ts";
import { ORIGIN_HEADER } from "./contract.ts";
import { BodyCheck, NO_ANSWER, type Outcome, outcomeOf } from "./outcome.ts";
import type { Job } from "./work.ts";

/** Longest exchange. A client that must give up after this time reports an error. */
export const LIMIT_MS = 120_000;
const SLOW_READ_BYTES = 100_000;
const SLOW_MS = 15;
const SLOW_WRITES = 8;
const SLOW_WRITE_MS = 80;
const LEAVES_AFTER_MS = 150;
const HANDSHAKE = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
] as const;

export async function slowly(connection: RawConnection, job: Job, host: string): Promise<Outcome> {
  const check = new BodyCheck(job.expected);
  let nextPause = SLOW_READ_BYTES;
  const reply = connection.receive(job.request.method, {
    limitMs: LIMIT_MS,
    onBody: (bytes) => {
      check.take(bytes);
      if (check.bytes < nextPause) return;
      nextPause += SLOW_READ_BYTES;
      connection.socket.pause();
      setTimeout(() => connection.socket.resume(), SLOW_MS);
    },
  });
  for (const part of bytesOf(job.request, host)) connection.socket.write(part);
  return outcomeOf(job, await reply, check);
}

/** Sends the body in parts. Depending on its manner the client leaves in the middle, or stalls there. */
export async function write(connection: RawConnection, job: Job, host: string): Promise<Outcome> {
  const check = new BodyCheck(job.expected);
  const all = Buffer.concat(bytesOf(job.request, host));
  const reply = connection.receive(job.request.method, { limitMs: LIMIT_MS, onBody: check.take });
  const settled = reply.then(
    (value) => outcomeOf(job, value, check),
    (error: unknown) => ({ ...NO_ANSWER, error: String(error) }),
  );
  const part = Math.ceil(all.length / SLOW_WRITES);
  for (let index = 0; index < SLOW_WRITES && !connection.socket.destroyed; index++) {
    connection.socket.write(all.subarray(index * part, (index + 1) * part));
    if (job.manner !== "slow_writer" && index === SLOW_WRITES >> 1) break;
    await sleep(SLOW_WRITE_MS);
  }
  if (job.manner === "leaves_upload") goAway(connection, job);
  return settled;
}

export async function leave(connection: RawConnection, job: Job, host: string): Promise<Outcome> {
  const check = new BodyCheck(job.expected);
  let onFirst = (): void => {};
  const firstByte = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const reply = connection.receive(job.request.method, {
    limitMs: LIMIT_MS,
    onBody: (bytes) => {
      check.take(bytes);
      onFirst();
    },
  });
  const settled = reply.then(
    (value) => outcomeOf(job, value, check),
    (error: unknown) => ({ ...NO_ANSWER, isRight: check.isRight, error: String(error) }),
  );
  for (const part of bytesOf(job.request, host)) connection.socket.write(part);
  // The client has closed its half and still reads, so the answer must come as usual.
  if (job.manner === "fin") connection.socket.end();
  else {
    await Promise.race([job.manner === "leaves_body" ? firstByte : sleep(LEAVES_AFTER_MS), settled]);
    goAway(connection, job);
  }
  return settled;
}

function goAway({ socket }: RawConnection, { dice }: Job): void {
  if (dice < 0.6) socket.resetAndDestroy();
  else if (dice < 0.8) socket.destroy();
  else {
    socket.end();
    setTimeout(() => socket.destroy(), LEAVES_AFTER_MS);
  }
}

/** Bytes that are not HTTP, or an invalid handshake. */
export async function malformed(
  connection: RawConnection,
  { request, dice }: Job,
  host: string,
): Promise<Outcome> {
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  const head = (request.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const texts = [
    `GET /down HTTP/1.1\r\n${head}${upgrade}\r\n`,
    `POST /up HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n\r\n`,
    `PUT /up HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n`,
    `GET nonsense\r\nHost: ${host}\r\n\r\n`,
    "\x16\x03\x01 a TLS hello, perhaps\r\n\r\n",
  ];
  const reply = connection.receive("GET", { limitMs: LIMIT_MS, keepBody: true });
  connection.socket.write(texts[Math.floor(dice * texts.length)] ?? "", "latin1");
  const { status, body } = await reply;
  const problem = /"type":"(\w+)"/.exec(body?.toString("latin1") ?? "")?.[1] ?? null;
  return { ...NO_ANSWER, status, isWhole: true, problem };
}

/** Ten messages in each direction, followed by a proper close or by none. */
export async function converse(connection: RawConnection, job: Job): Promise<Outcome> {
  const headers = [...(job.request.headers ?? []), ...HANDSHAKE];
  const reply = await connection.exchange(
    { method: "GET", target: "/socket", headers },
    { limitMs: LIMIT_MS },
  );
  const origin = headerValue(reply.headers, ORIGIN_HEADER) ?? null;
  const outcome = { ...NO_ANSWER, status: reply.status, origin };
  if (reply.status !== 101) return outcomeOf(job, reply, new BodyCheck(Buffer.alloc(0)));
  const socket = new FrameSocket(connection.socket, true, connection.takeRest());
  for (let message = 0; message < 10; message++) {
    const payload = Buffer.concat([Buffer.from([message]), job.expected.subarray(0, message * 9_001)]);
    socket.send(OPCODES.binary, payload);
    const echo = await socket.next();
    if (echo?.opcode !== OPCODES.binary) return { ...outcome, error: `closed with ${echo && codeOf(echo)}` };
    if (!echo.payload.equals(payload)) return { ...outcome, isRight: false };
  }
  if (job.dice < 0.3) return { ...outcome, isWhole: true };
  socket.close(4_000, "done");
  const closed = await socket.next();
  const code = closed === null ? null : codeOf(closed);
  return { ...outcome, isWhole: code === 4_000, error: code === 4_000 ? null : `closed with ${code}` };
}
