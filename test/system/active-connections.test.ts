/**
 * Requests in flight as an operator sees them: downloads count until they end, however they end.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, leave, open } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PATIENT_FAILOVER } from "./support/patience.ts";

/** More than all buffers on the way hold, so that the download is still going on while nobody reads. */
const DOWNLOAD_BYTES = 100_000_000;
const DOWNLOAD = `/bytes/${DOWNLOAD_BYTES}`;
const DOWNLOADS = 4;

/** A pool for each test. */
const POOLS = ["fin", "rst", "abort", "half-closed", "waiting", "websocket", "limited"] as const;
type Pool = (typeof POOLS)[number];
const LIMITS: Record<string, Record<string, unknown>> = {
  a: { max_connections: 3 },
  b: { max_connections: 2, backup: true },
};

let origins: Origin[] = [];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  const algorithm = "least_connections";
  const common = { algorithm, failover: PATIENT_FAILOVER };
  const web = { ...common, origins: origins.map((origin) => origin.config()) };
  const limited = { ...common, origins: origins.map((origin) => origin.config(LIMITS[origin.name])) };
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: POOLS.map((pool) => ({ host: hostOf(pool), pool })),
      pools: Object.fromEntries(POOLS.map((pool) => [pool, pool === "limited" ? limited : web])),
    },
  });
});

afterEach(async () => {
  await nothingOpen(balancer, POOLS, origins);
  await Promise.all(origins.map((origin) => origin.forget()));
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

const hostOf = (pool: Pool) => `${pool}.test`;
const to = (pool: Pool) => ({ headers: { host: hostOf(pool) } });

/** In flight at each origin, and in all. */
async function active(pool: Pool): Promise<[a: number | undefined, b: number | undefined, all: number]> {
  const { active_connections, origins } = await poolStats(balancer.url, pool);
  return [origins.a?.active_connections, origins.b?.active_connections, active_connections];
}

const hits = async () => (await Promise.all(origins.map((origin) => origin.hits()))).flat();

const becomes = (pool: Pool, a: number, b: number) =>
  eventually(`${a} at a and ${b} at b`, async () => String(await active(pool)) === String([a, b, a + b]));

/** A download over a bare socket, of which the head has arrived. */
async function bareDownload(pool: Pool, path: string): Promise<Socket> {
  const socket = bareRequest(pool, path);
  await once(socket, "readable");
  return socket;
}

function bareRequest(pool: Pool, path: string): Socket {
  // Half-open: a FIN in one direction does not end the other.
  const socket = connect({ host: "127.0.0.1", port: balancer.port, allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostOf(pool)}\r\nconnection: close\r\n\r\n`);
  return socket;
}

/** Begins a download and returns what breaks it off. */
const WAYS: Record<"fin" | "rst" | "abort", () => Promise<() => void>> = {
  /** Closed while there is nothing unread: what the balancer sends next is answered with a reset. */
  async fin() {
    const socket = await bareDownload("fin", "/drip");
    socket.resume();
    return () => void socket.destroy();
  },
  async rst() {
    const socket = await bareDownload("rst", DOWNLOAD);
    return () => void socket.resetAndDestroy();
  },
  /** As an HTTP library does it. */
  async abort() {
    const { request } = await open(balancer.url, DOWNLOAD, to("abort"));
    return () => leave.abort(request);
  },
};

describe("downloads", () => {
  test.each(["fin", "rst", "abort"] as const)("count until the client breaks them off by %s", async (way) => {
    const breakOff = await Promise.all(Array.from({ length: DOWNLOADS }, WAYS[way]));
    await becomes(way, DOWNLOADS / 2, DOWNLOADS / 2);
    for (const each of breakOff) each();
    await becomes(way, 0, 0);
    await eventually("the origins are told", async () => {
      const all = await hits();
      return all.length === DOWNLOADS && all.every(({ answerBrokenOff }) => answerBrokenOff);
    });
  });

  test("count until they are read to their end, though the client has half-closed its connection", async () => {
    const downloads = await Promise.all([1, 2].map(() => bareDownload("half-closed", DOWNLOAD)));
    for (const socket of downloads) socket.end();
    await becomes("half-closed", 1, 1);
    for (const socket of downloads) socket.resume();
    await Promise.all(downloads.map((socket) => once(socket, "end")));
    for (const { bytesRead } of downloads) expect(bytesRead).toBeGreaterThan(DOWNLOAD_BYTES);
    await becomes("half-closed", 0, 0);
  });
});

test("a request counts while it waits for an answer, until the client resets its connection", async () => {
  await Promise.all(origins.map((origin) => origin.behave({ path: "/hang", fault: "hang" })));
  const waiting = Array.from({ length: DOWNLOADS }, () => bareRequest("waiting", "/hang"));
  await eventually("all have arrived", async () => (await hits()).length === DOWNLOADS);
  await eventually("they count", async () => {
    // The isolate reports when there is a request to report with.
    await fetchRaw(balancer.url, "/", to("waiting"));
    return (await active("waiting"))[2] === DOWNLOADS;
  });
  for (const socket of waiting) socket.resetAndDestroy();
  await becomes("waiting", 0, 0);
});

test("a WebSocket counts until it is closed", async () => {
  const sockets = [1, 2].map(
    () => new WebSocket(`${balancer.url.replace("http", "ws")}/ws`, to("websocket")),
  );
  await Promise.all(sockets.map((socket) => once(socket, "open")));
  await becomes("websocket", 1, 1);
  sockets[0]?.close();
  sockets[1]?.terminate();
  await becomes("websocket", 0, 0);
});

test("an origin never has more than max_connections; what is beyond goes to the backup, then to nobody", async () => {
  const downloads: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < 7; i++) downloads.push(await open(balancer.url, DOWNLOAD, to("limited")));
  const servedBy = downloads.map(({ response }) => response.headers["x-origin"] ?? response.statusCode);
  expect(servedBy).toEqual(["a", "a", "a", "b", "b", 503, 503]);
  expect(downloads.at(-1)?.response.headers["retry-after"]).toMatch(/^\d+$/);
  for (const { request } of downloads) leave.abort(request);
  await becomes("limited", 0, 0);
  expect((await fetchRaw(balancer.url, "/", to("limited"))).headers["x-origin"]).toBe("a");
});
