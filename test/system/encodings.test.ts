/**
 * Encoded bodies reach the client byte for byte, whichever way they take through the balancer.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, type Reply } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";

const same = (body: Buffer): Buffer => body;
/** What the header says and what is done to the body. */
const ENCODINGS: Record<string, readonly [label: string | null, encode: (body: Buffer) => Buffer]> = {
  plain: [null, same],
  identity: ["identity", same],
  gzip: ["gzip", (body) => gzipSync(body)],
  br: ["br", (body) => brotliCompressSync(body)],
  deflate: ["deflate", (body) => deflateSync(body)],
  zstd: ["zstd", (body) => zstdCompressSync(body)],
  "untrue-gzip": ["gzip", same],
  "untrue-br": ["br", same],
};
/** Does not compress: below and above the bound up to which a body is passed on unwatched. */
const BODIES = {
  small: Buffer.from(randomBytes(2_000).toString("base64")),
  large: Buffer.from(randomBytes(150_000).toString("base64")),
};
const HOSTS = { plain: "web.test", sticky: "sticky.test", counted: "counted.test", strict: "strict.test" };

/** Each is encoded once: that takes longer than to send it. */
const encoded = new Map<string, Buffer>();

function bodyOf(encoding: string, size: string): Buffer {
  const key = `${encoding} ${size}`;
  const [, encode = same] = ENCODINGS[encoding] ?? [];
  const body = encoded.get(key) ?? encode(size === "large" ? BODIES.large : BODIES.small);
  encoded.set(key, body);
  return body;
}

let origin: Server;
let balancer: Balancer;

beforeAll(async () => {
  origin = createServer((request, response) => {
    const [, encoding = "", size = "", framing] = request.url?.split("/") ?? [];
    const [label = null] = ENCODINGS[encoding] ?? [];
    const body = bodyOf(encoding, size);
    if (label !== null) response.setHeader("content-encoding", label);
    if (framing === "length") response.setHeader("content-length", body.length);
    response.write(body.subarray(0, 100));
    response.end(body.subarray(100));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const pool = { origins: [{ id: "a", url: originUrl() }] };
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: Object.entries(HOSTS).map(([name, host]) => ({ host, pool: name })),
      pools: {
        plain: pool,
        sticky: { ...pool, sticky: true },
        counted: { ...pool, algorithm: "least_connections" },
        strict: { ...pool, coordination: "strict", rate_limit: 1_000 },
      },
    },
  });
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, Object.keys(HOSTS));
  await balancer?.stop();
  origin?.close();
});

const originUrl = () => `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;

function comparable({ status, headers, body }: Reply): unknown {
  const { date, connection, "keep-alive": _, "set-cookie": __, "cache-control": ___, ...rest } = headers;
  return { status, headers: rest, bytes: body.length, body: body.toString("base64") };
}

describe.each(Object.entries(HOSTS))("through a %s pool", (_, host) => {
  test.each(Object.keys(ENCODINGS))("%s bodies arrive as the origin sent them", async (encoding) => {
    for (const size of Object.keys(BODIES)) {
      for (const framing of ["length", "chunked"]) {
        const path = `/${encoding}/${size}/${framing}`;
        const direct = await fetchRaw(originUrl(), path);
        // On a busy machine the object may be too slow to say that the limit is not reached.
        const ours = await eventually("an origin's answer", async () => {
          const reply = await fetchRaw(balancer.url, path, { headers: { host } });
          return reply.status !== 503 && reply;
        });
        expect(comparable(ours), path).toEqual(comparable(direct));
      }
    }
  });
});
