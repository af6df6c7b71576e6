/** An upload that its origin answers before it has read all of it arrives whole all the same, also one that was kept. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, BareOrigin, dechunked, head, takesAll } from "./support/bare-ends.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";

/** More than the sockets between take in. */
const BYTES = 10_000_000;
const OTHER_BYTES = 1_000_000;

let origin: BareOrigin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await BareOrigin.start(takesAll);
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      pools: { web: { origins: [{ id: "a", url: origin.url }], failover: { max_body_bytes: BYTES } } },
    },
  });
});

afterEach(() => nothingOpen(balancer, ["web"], [origin]));

afterAll(async () => {
  await balancer?.stop();
  origin?.stop();
});

const digest = (data: Buffer) => createHash("sha256").update(data).digest("hex");

test.each([
  ["with a length, kept", `content-length: ${BYTES}`, "PUT"],
  ["in chunks, kept", "transfer-encoding: chunked", "PUT"],
  ["with a length, streamed", `content-length: ${BYTES}`, "POST"],
])("%s", async (_, framing, method) => {
  // Reads nothing until others have had all the time to write over what was kept.
  origin.answer = ({ socket }) => {
    socket.pause();
    socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n");
  };
  const data = randomBytes(BYTES);
  const isChunked = framing.startsWith("transfer");
  const arrived = origin.next();
  const client = await BareClient.send(balancer.url, head(`${method} /early`, framing));
  if (isChunked) client.socket.write(`${BYTES.toString(16)}\r\n`);
  client.socket.write(data);
  if (isChunked) client.socket.write("\r\n0\r\n\r\n");
  expect(await client.status()).toBe(200);

  origin.answer = takesAll;
  for (let i = 0; i < 4; i++) {
    const other = await BareClient.send(balancer.url, head("PUT /other", `content-length: ${OTHER_BYTES}`));
    other.socket.write(Buffer.alloc(OTHER_BYTES, i));
    expect(await other.status()).toBe(200);
  }
  const connection = await arrived;
  connection.socket.resume();
  await eventually("the whole upload", () =>
    isChunked
      ? connection.received.subarray(-5).equals(Buffer.from("0\r\n\r\n"))
      : connection.received.length > BYTES,
  );
  const sent = () => connection.received.subarray(connection.received.indexOf("\r\n\r\n") + 4);
  if (!isChunked) await eventually("its end", () => sent().length === BYTES);
  expect(digest(isChunked ? dechunked(sent()) : sent())).toBe(digest(data));
  connection.socket.end("0\r\n\r\n");
});
