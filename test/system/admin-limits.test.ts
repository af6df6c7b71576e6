/** How much the admin API takes in before it answers, seen from a socket that has no end. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MOST_DOCUMENT_BYTES } from "../../src/config/canonical.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";

const TOKEN = "a-token-for-limits";
/** More than any form, in one piece. */
const CHUNK_BYTES = 65_536;

let balancer: Balancer;

beforeAll(async () => {
  const origins = [{ id: "a", url: "http://127.0.0.1:1" }];
  balancer = await startBalancer({ config: { pools: { web: { origins } } }, adminToken: TOKEN });
});

afterAll(async () => {
  await balancer?.kill();
});

/** Sends so many bytes and never says that this was all. @returns the answer's status; 0: it was hung up on */
async function pour(line: string, headers: readonly string[], bytes: number): Promise<number> {
  const socket = connect(balancer.port, "127.0.0.1");
  // A reset after the answer: nobody listens any more.
  socket.on("error", () => {});
  const head = [`${line} HTTP/1.1`, "host: localhost", "transfer-encoding: chunked", ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const chunk = `${CHUNK_BYTES.toString(16)}\r\n${"x".repeat(CHUNK_BYTES)}\r\n`;
  for (let sent = 0; sent < bytes; sent += CHUNK_BYTES) socket.write(chunk);
  const status = await new Promise<number>((resolve) => {
    socket.once("data", (answer: Buffer) =>
      resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString("latin1"))?.[1])),
    );
    socket.once("close", () => resolve(0));
  });
  socket.destroy();
  return status;
}

const AUTHORIZED = `authorization: Bearer ${TOKEN}`;

describe("a body without an end is answered after as much as it may have", () => {
  test.each([
    ["the form to sign in", "POST /_lb/login", ["sec-fetch-site: same-origin"], 413],
    ["the form, sent by another site", "POST /_lb/login", ["sec-fetch-site: cross-site"], 403],
    ["the form, by a tool", "POST /_lb/login", [], 413],
    ["a write without a token", "PUT /_lb/routes", [], 401],
    ["a write with a wrong token", "PUT /_lb/routes", ["authorization: Bearer wrong-wrong"], 401],
  ])("%s", async (_what, line, headers, status) => {
    expect(await pour(line, headers, CHUNK_BYTES)).toBe(status);
  });

  test.each([
    ["routes", "PUT /_lb/routes"],
    ["a pool", "PUT /_lb/pools/web"],
    ["a question", "POST /_lb/explain"],
    ["a check", "POST /_lb/pools/web/check"],
  ])("%s", async (_what, line) => {
    expect(await pour(line, [AUTHORIZED], MOST_DOCUMENT_BYTES + CHUNK_BYTES)).toBe(413);
  });
});

test("a body that breaks its own framing is its sender's mistake", async () => {
  const socket = connect(balancer.port, "127.0.0.1");
  socket.write("POST /_lb/login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
});
