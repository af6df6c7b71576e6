/**
 * Uploads: what a client does to its own body is never its origin's failure, and a slow one is not cut off.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, BareOrigin, dechunked, head, sends, silent, takesAll } from "./support/bare-ends.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";

/** Far above what an answer takes, also on a busy machine. */
const ATTEMPT_TIMEOUT_S = 3;
const TOTAL_TIMEOUT_S = 3.5;
const STEPS = 5;
/** A body of all steps takes longer than both time-outs. */
const STEP_MS = 800;
/** Above what is read before the first attempt. */
const LARGE_BYTES = 200_000;
const SMALL_BYTES = 100;
/** Within a pool one test after the other. */
const IN_TURN = { concurrent: false };

/** Every way that the body takes: read first with a length or without, or streamed. */
const WAYS: readonly [name: string, method: string, bytes: number | null, size: number][] = [
  ["PUT, small", "PUT", SMALL_BYTES, SMALL_BYTES],
  ["PUT, large", "PUT", LARGE_BYTES, LARGE_BYTES],
  ["PUT, small in chunks", "PUT", null, SMALL_BYTES],
  ["PUT, large in chunks", "PUT", null, LARGE_BYTES],
  ["POST, small", "POST", SMALL_BYTES, SMALL_BYTES],
  ["POST, large", "POST", LARGE_BYTES, LARGE_BYTES],
  ["POST in chunks", "POST", null, LARGE_BYTES],
  ["GET, small", "GET", SMALL_BYTES, SMALL_BYTES],
];

/** One for each way, and one for what is not about a way. */
const POOLS = [...WAYS.map((_, index) => `way-${index}`), "web"];

const originsOf: Record<string, [BareOrigin, BareOrigin]> = {};
let balancer: Balancer;

beforeAll(async () => {
  for (const pool of POOLS)
    originsOf[pool] = [await BareOrigin.start(takesAll), await BareOrigin.start(takesAll)];
  const configOf = (pool: string) => ({
    origins: origins(pool).map(({ url }, i) => ({ id: "ab"[i], url })),
    failover: { attempt_timeout: ATTEMPT_TIMEOUT_S, total_timeout: TOTAL_TIMEOUT_S },
    outlier_detection: { consecutive_failures: 2 },
  });
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: POOLS.map((pool) => ({ host: `${pool}.test`, pool })),
      pools: Object.fromEntries(POOLS.map((pool) => [pool, configOf(pool)])),
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  for (const origin of Object.values(originsOf).flat()) origin.stop();
});

function origins(pool: string): [BareOrigin, BareOrigin] {
  const found = originsOf[pool];
  if (found === undefined) throw new Error(`no pool ${pool}`);
  return found;
}

const arrivals = (pool: string) => origins(pool).reduce((sum, { requests }) => sum + requests.length, 0);
const errors = async (pool: string) => (await poolStats(balancer.url, pool)).errors;
const begin = (pool: string, method: string, ...headers: string[]) =>
  BareClient.send(balancer.url, head(`${method} /up`, `host: ${pool}.test`, ...headers));
const atRest = (pool: string) => nothingOpen(balancer, [pool], origins(pool));
/** Three at once: of one after the other the second would wait for the first. */
const three = <T>(one: () => Promise<T>) => Promise.all([one(), one(), one()]);
const framing = (bytes: number | null) =>
  bytes === null ? "transfer-encoding: chunked" : `content-length: ${bytes}`;
const framed = (bytes: number | null, data: Buffer) =>
  bytes === null
    ? Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")])
    : data;

// The ways beside each other, the tests of one after the other.
describe.concurrent.each(WAYS.map((way, index) => [...way, `way-${index}`] as const))(
  "%s",
  (_, method, bytes, size, pool) => {
    const body = randomBytes(size);
    afterEach(() => atRest(pool));

    test(
      "that takes longer than both time-outs but never pauses for long arrives whole",
      IN_TURN,
      async () => {
        const before = await errors(pool);
        const arrived = arrivals(pool);
        const client = await begin(pool, method, framing(bytes));
        const step = Math.ceil(size / STEPS);
        for (let at = 0; at < size; at += step) {
          client.socket.write(framed(bytes, body.subarray(at, at + step)));
          await sleep(STEP_MS);
        }
        if (bytes === null) client.socket.write("0\r\n\r\n");
        expect(await client.status()).toBe(200);
        expect(arrivals(pool)).toBe(arrived + 1);
        const all = origins(pool).flatMap(({ requests }) => requests);
        const sent = all.find(({ received }) => received.length >= size && contains(received, bytes, body));
        expect(sent, "the bytes of one request are those of the client").toBeDefined();
        expect(await errors(pool)).toBe(before);
      },
    );

    test("that pauses for longer is 408, tried once at most, and nobody's failure", IN_TURN, async () => {
      const before = await errors(pool);
      const arrived = arrivals(pool);
      await three(async () => {
        const client = await begin(pool, method, framing(bytes));
        client.socket.write(framed(bytes, body.subarray(0, size / 2)));
        expect(await client.problem()).toEqual([408, "request_timeout"]);
        client.socket.destroy();
      });
      expect(arrivals(pool)).toBeLessThanOrEqual(arrived + 3);
      await served(pool);
      expect(await errors(pool)).toBe(before);
    });

    test("that is cut off is 400, tried once at most, and nobody's failure", IN_TURN, async () => {
      const before = await errors(pool);
      const arrived = arrivals(pool);
      for (let i = 0; i < 3; i++) {
        const client = await begin(pool, method, framing(bytes));
        client.socket.write(framed(bytes, body.subarray(0, size / 2)));
        await sleep(50);
        client.socket.end();
        expect(await client.problem()).toEqual([400, "bad_request_body"]);
      }
      expect(arrivals(pool)).toBeLessThanOrEqual(arrived + 3);
      await served(pool);
      expect(await errors(pool)).toBe(before);
    });

    test("of a client that resets ends at once, and is nobody's failure", IN_TURN, async () => {
      const before = await errors(pool);
      const arrived = arrivals(pool);
      for (let i = 0; i < 3; i++) {
        const client = await begin(pool, method, framing(bytes));
        client.socket.write(framed(bytes, body.subarray(0, size / 2)));
        await sleep(50);
        client.reset();
      }
      await atRest(pool);
      expect(arrivals(pool)).toBeLessThanOrEqual(arrived + 3);
      await served(pool);
      expect(await errors(pool)).toBe(before);
    });
  },
);

/** Both origins take requests still, which an ejected one would not, and have been reported. */
async function served(pool: string): Promise<void> {
  const counts = () => origins(pool).map(({ requests }) => requests.length);
  for (let i = 0; i < 4; i++) {
    const before = counts();
    expect(await (await begin(pool, "GET")).status()).toBe(200);
    expect(counts()).not.toEqual(before);
  }
  await atRest(pool);
}

function contains(received: Buffer, bytes: number | null, body: Buffer): boolean {
  const sent = received.subarray(received.indexOf("\r\n\r\n") + 4);
  const plain = bytes === null ? dechunked(sent) : sent;
  return createHash("sha256").update(plain).digest("hex") === createHash("sha256").update(body).digest("hex");
}

describe("a body", () => {
  afterEach(async () => {
    for (const origin of origins("web")) origin.answer = takesAll;
    await atRest("web");
  });

  test("in malformed chunks is 400, and nobody's failure", async () => {
    const before = await errors("web");
    for (const method of ["PUT", "POST"]) {
      const client = await begin("web", method, framing(null));
      client.socket.write("5\r\nhello\r\nzz\r\n");
      expect(await client.problem()).toEqual([400, "bad_request_body"]);
    }
    await served("web");
    expect(await errors("web")).toBe(before);
  });

  test("in chunks is sent again whole while it is no larger than what is kept", async () => {
    const [a, b] = origins("web");
    a.answer = sends("503 Busy\r\ncontent-length: 0");
    for (let i = 0; i < 2; i++) {
      const arrived = b.next();
      const client = await begin("web", "PUT", framing(null));
      client.socket.write("5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n");
      expect(await client.status()).toBe(200);
      expect(dechunked(Buffer.from((await arrived).body)).toString()).toBe("helloyou");
    }
  });

  test("that its origin answers before its end does not hide the answer", async () => {
    for (const origin of origins("web")) origin.answer = sends("403 No\r\ncontent-length: 2", "no");
    const client = await begin("web", "POST", framing(50_000_000));
    client.socket.write(randomBytes(1_000_000));
    expect(await client.status()).toBe(403);
    client.socket.destroy();
  });

  test("that an origin stops reading is this origin's failure: 504", async () => {
    for (const origin of origins("web")) origin.answer = ({ socket }) => void socket.pause();
    const client = await begin("web", "POST", framing(50_000_000));
    client.socket.write(Buffer.alloc(50_000_000));
    expect(await client.problem()).toEqual([504, "origin_timeout"]);
    client.socket.destroy();
    for (const { connections } of origins("web")) for (const { socket } of connections) socket.destroy();
  });

  test("that arrived whole and is not answered is the origin's failure: 504", async () => {
    for (const origin of origins("web")) origin.answer = silent;
    const client = await begin("web", "POST", framing(LARGE_BYTES));
    client.socket.write(Buffer.alloc(LARGE_BYTES));
    expect(await client.problem()).toEqual([504, "origin_timeout"]);
  });

  test("that never comes is logged as the client's failure", async () => {
    const client = await begin("web", "PUT", framing(SMALL_BYTES));
    expect(await client.problem()).toEqual([408, "request_timeout"]);
    await eventually("the line", () => balancer.logs().includes('"why":"request_timeout"'));
  });
});
