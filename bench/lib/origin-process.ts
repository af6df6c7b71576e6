/**
 * The origins: one process with several ports and prepared answers. The last part of a path names the answer.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { MessageReader } from "./message-reader.ts";

const HOST = "127.0.0.1";
const KB = 1_024;

function answer(body: Buffer, headers = ""): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Text that gzip compresses to about a third. */
function text(bytes: number): Buffer {
  return Buffer.from(randomBytes(bytes / 4).toString("hex") + "a".repeat(bytes / 2));
}

const SMALL = answer(Buffer.from("hello from origin\n"));
const ANSWERS: Readonly<Record<string, Buffer>> = {
  "64k": answer(randomBytes(64 * KB)),
  "10m": answer(randomBytes(10 * KB * KB)),
  gzip: answer(gzipSync(text(64 * KB)), "content-encoding: gzip\r\nvary: accept-encoding\r\n"),
};

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const reader = new MessageReader((head) => {
    const target = head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/"));
    socket.write(ANSWERS[target.slice(target.lastIndexOf("/") + 1)] ?? SMALL);
  });
  socket.on("data", (bytes: Buffer) => reader.push(bytes));
  socket.on("error", () => socket.destroy());
}

const count = Number(process.argv[2] ?? 3);
const ports: number[] = [];
for (let index = 0; index < count; index++) {
  const server = createServer(serve);
  await new Promise<void>((listening) => server.listen(0, HOST, 1_024, listening));
  ports.push((server.address() as AddressInfo).port);
}
process.send?.(ports);
process.on("disconnect", () => process.exit());
