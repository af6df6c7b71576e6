/**
 * Requests that a client may send and seldom does are forwarded, or refused with a documented answer; an origin is never
 * blamed for one, and nothing stays open.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { share } from "../support/full.ts";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, BareOrigin, head, sends, takesAll } from "./support/bare-ends.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";

const POOLS = { plain: "plain.test", counted: "counted.test", strict: "strict.test" };
const KEY = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "sec-websocket-version: 13";
const UPGRADE = "upgrade: websocket";

/** Within a pool one test after the other. */
const IN_TURN = { concurrent: false };

const origins = new Map<string, BareOrigin>();
let balancer: Balancer;

beforeAll(async () => {
  for (const pool of Object.keys(POOLS)) origins.set(pool, await BareOrigin.start(takesAll));
  const configOf = (pool: string, origin: object = {}) => ({
    origins: [{ id: "a", url: origins.get(pool)?.url, ...origin }],
    outlier_detection: { consecutive_failures: 2 },
    log: { sample: 0 },
  });
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: Object.entries(POOLS).map(([name, host]) => ({ host, pool: name })),
      pools: {
        plain: configOf("plain"),
        counted: configOf("counted", { max_connections: 3 }),
        strict: { ...configOf("strict"), coordination: "strict", algorithm: "least_connections" },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  for (const origin of origins.values()) origin.stop();
});

/** Requests that are the pool's, so far, by host: a handshake that is refused is none. */
const sent = new Map<string, number>();

function send(host: string, line: string, ...rest: string[]): Promise<BareClient> {
  if (!line.endsWith("/ws")) sent.set(host, (sent.get(host) ?? 0) + 1);
  return BareClient.send(
    balancer.url,
    head(line, `host: ${host}`, ...rest.slice(0, -1)) + (rest.at(-1) ?? ""),
  );
}

/** Failures of the origin that its pool's object has heard of, once it has heard of all requests, which were answered. */
async function failures(pool: keyof typeof POOLS): Promise<number | undefined> {
  const { origins } = await eventually("all requests to be reported", async () => {
    const stats = await poolStats(balancer.url, pool);
    return stats.clients.requests >= (sent.get(POOLS[pool]) ?? 0) && stats;
  });
  return origins.a?.errors;
}

/** What the line and headers of a request are, its body, and the body that arrives. */
const ODD: Record<string, readonly [line: string, headers: string[], body: string, arrives: string]> = {
  "GET with Content-Length: 0": ["GET /a", ["content-length: 0"], "", ""],
  "GET with a body": ["GET /a", ["content-length: 5"], "hello", "hello"],
  "GET with a large body": ["GET /a", ["content-length: 90000"], "x".repeat(90_000), "x".repeat(90_000)],
  "GET with an empty chunked body": ["GET /a", ["transfer-encoding: chunked"], "0\r\n\r\n", ""],
  "GET with a chunked body": ["GET /a", ["transfer-encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n", ""],
  "HEAD with Content-Length: 0": ["HEAD /a", ["content-length: 0"], "", ""],
  "HEAD with a body": ["HEAD /a", ["content-length: 5"], "hello", "hello"],
  "DELETE with a body": ["DELETE /a", ["content-length: 5"], "hello", "hello"],
  "OPTIONS with a body": ["OPTIONS /a", ["content-length: 5"], "hello", "hello"],
  "POST without a body": ["POST /a", [], "", ""],
  "POST with an empty chunked body": ["POST /a", ["transfer-encoding: chunked"], "0\r\n\r\n", "0\r\n\r\n"],
  "PUT in chunks": [
    "PUT /a",
    ["transfer-encoding: chunked"],
    "5\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
  ],
  "GET that would upgrade to something else": ["GET /a", ["upgrade: h2c"], "", ""],
};

// The pools beside each other, the tests of one after the other.
describe.concurrent.each(share(Object.entries(POOLS) as [keyof typeof POOLS, string][], 1))(
  "through a %s pool",
  (pool, host) => {
    let origin: BareOrigin;

    beforeAll(() => {
      const found = origins.get(pool);
      if (found === undefined) throw new Error(`no origin of ${pool}`);
      origin = found;
    });

    afterEach(async () => {
      origin.answer = takesAll;
      await nothingOpen(balancer, [pool], [origin]);
    });

    test.each(Object.entries(ODD))(
      "a %s reaches the origin as it is",
      IN_TURN,
      async (_, [line, headers, body, arrives]) => {
        for (let i = 1; i <= 4; i++) {
          const arrived = origin.next();
          const client = await send(host, line, ...headers, body);
          expect(await client.status()).toBe(200);
          const { text, body: seen } = await arrived;
          expect([text.split(" ", 2).join(" "), seen]).toEqual([line, arrives]);
        }
      },
    );

    test("the origin is not blamed for any of these", IN_TURN, async () => {
      expect(await failures(pool)).toBe(0);
    });

    test.each(["POST", "PUT"])(
      "a %s with a length that cannot be counted has a body that breaks off",
      IN_TURN,
      async (method) => {
        const client = await send(host, `${method} /a`, `content-length: ${2 ** 53}`, "hello");
        client.socket.end();
        expect(await client.problem()).toEqual([400, "bad_request_body"]);
        expect(await failures(pool)).toBe(0);
      },
    );

    test.each([
      ["without a key", "GET /ws", [UPGRADE, VERSION], 400, "bad_websocket_handshake"],
      [
        "with an empty key",
        "GET /ws",
        [UPGRADE, VERSION, "sec-websocket-key: "],
        400,
        "bad_websocket_handshake",
      ],
      ["by POST", "POST /ws", [UPGRADE, VERSION, KEY], 400, "bad_websocket_handshake"],
      ["by OPTIONS", "OPTIONS /ws", [UPGRADE, VERSION, KEY], 400, "bad_websocket_handshake"],
      ["without a version", "GET /ws", [UPGRADE, KEY], 426, "websocket_version"],
      ["of version 8", "GET /ws", [UPGRADE, KEY, "sec-websocket-version: 8"], 426, "websocket_version"],
    ] as const)(
      "a WebSocket handshake %s is refused and opens nothing",
      IN_TURN,
      async (_, line, headers, status, type) => {
        origin.answer = (connection) => connection.acceptWebSocket();
        const before = origin.requests.length;
        // More than the pool's connections.
        for (let i = 0; i < 4; i++) {
          const client = await send(host, line, ...headers, "connection: upgrade", "");
          expect(await client.problem()).toEqual([status, type]);
        }
        expect(origin.requests.length).toBe(before);
      },
    );

    test("a HEAD that would become a WebSocket is refused and opens nothing", IN_TURN, async () => {
      origin.answer = (connection) => connection.acceptWebSocket();
      for (let i = 0; i < 4; i++)
        expect(await (await send(host, "HEAD /ws", UPGRADE, VERSION, KEY, "")).status()).toBe(400);
    });

    const CONTROL = "x-a: \u0007";
    /** With the line and Host 15 KB and more: servers that take 16 hang up, counting what is added on the way. */
    const LARGE = `x-a: ${"y".repeat(15 * 1_024)}`;
    const BODY = ["content-length: 90000", "x".repeat(90_000)];

    test.each([
      ["a header that no client may send", "GET /a", [CONTROL, ""]],
      ["such a header before a body that the platform sends", "GET /a", [CONTROL, ...BODY]],
      ["such a header before a body that is streamed", "POST /a", [CONTROL, ...BODY]],
      ["a head that few servers take", "GET /a", [LARGE, ""]],
      ["such a head before a body that the platform sends", "GET /a", [LARGE, ...BODY]],
      ["such a head before a body that is streamed", "PATCH /a", [LARGE, ...BODY]],
      ["a target that few servers take", `GET /a?${"y".repeat(15 * 1_024)}`, [""]],
    ])("an origin is not blamed for hanging up on %s", IN_TURN, async (_, line, rest) => {
      const errors = await failures(pool);
      origin.answer = ({ socket }) => socket.resetAndDestroy();
      const before = origin.requests.length;
      for (let i = 0; i < 4; i++) {
        const client = await send(host, line, ...rest);
        expect(await client.problem()).toEqual([502, "origin_failed"]);
      }
      expect(origin.requests.length - before, "each is sent once").toBe(4);
      origin.answer = takesAll;
      expect(await (await send(host, "GET /a", "x-a: a\tb", "")).status()).toBe(200);
      expect(await failures(pool)).toBe(errors);
    });

    test("an origin is blamed for hanging up on a head of ordinary size", IN_TURN, async () => {
      const errors = await failures(pool);
      origin.answer = ({ socket }) => socket.resetAndDestroy();
      const client = await send(host, "POST /a", `x-a: ${"y".repeat(14 * 1_024)}`, "content-length: 0", "");
      expect(await client.problem()).toEqual([502, "origin_failed"]);
      origin.answer = takesAll;
      // One success makes up for it.
      expect(await (await send(host, "GET /a", "")).status()).toBe(200);
      expect(await failures(pool)).toBe((errors ?? 0) + 1);
    });

    test("a 101 that nobody asked for is 502 and opens nothing", IN_TURN, async () => {
      origin.answer = (connection) => connection.acceptWebSocket();
      const client = await send(host, "POST /a", "content-length: 0", "");
      expect(await client.problem()).toEqual([502, "origin_failed"]);
      origin.answer = takesAll;
      // It is a failure of the origin's, and one success makes up for it.
      expect(await (await send(host, "GET /a", "")).status()).toBe(200);
    });

    test.each([418, 599, 600, 999])(
      "an answer with status %i arrives as it is and is over",
      IN_TURN,
      async (status) => {
        for (const [name, framing, body] of [
          ["chunked", "transfer-encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
          ["short", "content-length: 5", "hello"],
          ["long", "content-length: 100000", "x".repeat(100_000)],
        ] as const) {
          origin.answer = sends(`${status} Odd\r\n${framing}\r\nx-own: yes`, body);
          for (let i = 0; i < (status === 599 ? 1 : 4); i++) {
            const client = await send(host, "POST /a", "content-length: 0", "");
            expect(await client.status(), name).toBe(status);
            await eventually("the whole answer", () => client.isClosed || client.body.length >= body.length);
            expect(client.text).toMatch(/x-own: yes/i);
            expect(client.body.replaceAll(/\r\n|^\d+|0/g, "").length).toBe(
              body.replaceAll(/\r\n|^\d+|0/g, "").length,
            );
            client.socket.destroy();
          }
          await nothingOpen(balancer, [pool], [origin]);
          origin.answer = takesAll;
          await eventually("the origin to take requests", async () => {
            const again = await send(host, "GET /a", "");
            return (await again.status()) === 200;
          });
        }
      },
    );
  },
);
