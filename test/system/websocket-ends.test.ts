/**
 * However a WebSocket ends, the other end hears of it, both sockets end, and the count goes to 0: by any close code,
 * without an answer to the close, by a reset, and before it began.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, type BareConnection, BareOrigin, head } from "./support/bare-ends.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";

const HANDSHAKE = head(
  "GET /ws",
  "upgrade: websocket",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version: 13",
).replace("connection: close", "connection: upgrade");
/** Codes as they are sent, and as they arrive; null: none (RFC 6455, 7.4). */
const CODES: readonly [sent: number | null, arrives: number | null][] = [
  [null, null],
  [0, 1002],
  [999, 1002],
  [1000, 1000],
  [1001, 1001],
  [1004, 1002],
  [1005, null],
  [1011, 1011],
  [1014, 1014],
  [2999, 2999],
  [3000, 3000],
  [4999, 4999],
  [5000, 1002],
  [65_535, 1002],
];

let origin: BareOrigin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await BareOrigin.start((connection) => connection.acceptWebSocket());
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      pools: { web: { algorithm: "least_connections", origins: [{ id: "a", url: origin.url }] } },
    },
  });
});

afterEach(() => nothingOpen(balancer, ["web"], [origin]));

afterAll(async () => {
  await balancer?.stop();
  origin?.stop();
});

/** An unmasked close frame, or a masked one with a mask of zeros. */
function closeFrame(code: number | null, isMasked: boolean): Buffer {
  const payload = code === null ? Buffer.alloc(0) : Buffer.from([code >> 8, code & 255]);
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x88, (isMasked ? 0x80 : 0) | payload.length]), mask, payload]);
}

/** The code of the close frame that has arrived; undefined: there is none. */
function closeCode(connection: BareConnection): number | null | undefined {
  const frames = connection.received.subarray(connection.received.indexOf("\r\n\r\n") + 4);
  if (frames[0] !== 0x88) return undefined;
  const length = (frames[1] ?? 0) & 0x7f;
  if (length < 2) return null;
  const isMasked = ((frames[1] ?? 0) & 0x80) !== 0;
  const at = isMasked ? 6 : 2;
  const byte = (i: number): number => (frames[at + i] ?? 0) ^ (isMasked ? (frames[2 + i] ?? 0) : 0);
  return (byte(0) << 8) | byte(1);
}

async function opened(): Promise<[client: BareClient, server: BareConnection]> {
  const arrived = origin.next();
  const client = await BareClient.send(balancer.url, HANDSHAKE);
  expect(await client.status()).toBe(101);
  return [client, await arrived];
}

const isTold = (connection: BareConnection) =>
  eventually("a close frame", () => closeCode(connection) !== undefined);

describe("the client closes", () => {
  test.each(CODES)("with %s, and the origin hears %s", async (sent, arrives) => {
    const [client, server] = await opened();
    client.socket.write(closeFrame(sent, true));
    await isTold(server);
    expect(closeCode(server)).toBe(arrives);
    server.socket.end(closeFrame(arrives, false));
    await eventually("both to end", () => server.isClosed && closeCode(client) !== undefined);
    client.socket.destroy();
  });
});

describe("the origin closes", () => {
  test.each(CODES)("with %s, and the client hears %s", async (sent, arrives) => {
    const [client, server] = await opened();
    server.socket.write(closeFrame(sent, false));
    await isTold(client);
    expect(closeCode(client)).toBe(arrives);
    client.socket.end(closeFrame(arrives, true));
    await eventually("both to end", () => server.isClosed && closeCode(server) !== undefined);
    client.socket.destroy();
  });
});

// Beside each other: both wait as long as an origin is given to answer a close.
describe.concurrent("an origin that says nothing more", () => {
  const pairs: [client: BareClient, server: BareConnection][] = [];

  beforeAll(async () => {
    for (let i = 0; i < 2; i++) pairs.push(await opened());
  });

  test("and does not answer a close is cut off", async () => {
    const [client, server] = pairs[0] ?? (await opened());
    client.socket.write(closeFrame(1000, true));
    await eventually("the origin's socket to end", () => server.isClosed);
    client.socket.destroy();
  });

  test("is told of a client that resets, and its socket ends, too", async () => {
    const [client, server] = pairs[1] ?? (await opened());
    client.reset();
    await isTold(server);
    expect(closeCode(server)).toBe(1001);
    await eventually("the origin's socket to end", () => server.isClosed);
  });
});

// No server may send a length with a 101 (RFC 9110, 8.6), and some do.
test("a handshake that says a length begins a socket that counts until it ends", async () => {
  origin.answer = (connection) => connection.acceptWebSocket("Content-Length: 0");
  const [client, server] = await opened();
  const active = async () => (await poolStats(balancer.url, "web")).active_connections;
  await eventually("it to count", async () => (await active()) === 1);
  client.socket.write(closeFrame(1000, true));
  await isTold(server);
  server.socket.end(closeFrame(1000, false));
  await eventually("both to end", () => server.isClosed && closeCode(client) !== undefined);
  client.socket.destroy();
  origin.answer = (connection) => connection.acceptWebSocket();
});

test("an origin that resets ends the client's", async () => {
  const [client, server] = await opened();
  server.socket.resetAndDestroy();
  await isTold(client);
  expect(closeCode(client)).toBe(1014);
  client.socket.destroy();
});

test("a client that resets around the handshake leaves nothing behind", async () => {
  for (const [delayMs, afterMs] of [
    [0, 0],
    [0, 5],
    [100, 50],
    [100, 98],
    [100, 100],
    [100, 102],
    [100, 110],
  ] as const) {
    origin.answer = (connection) => void setTimeout(() => connection.acceptWebSocket(), delayMs);
    const arrived = origin.next();
    const client = await BareClient.send(balancer.url, HANDSHAKE);
    await arrived;
    await sleep(afterMs);
    client.reset();
  }
  origin.answer = (connection) => connection.acceptWebSocket();
  await eventually("all sockets to end", () => origin.open === 0);
});
