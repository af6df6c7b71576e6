/**
 * What counts as in flight, as an operator sees it: downloads count until they end, however they end.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, leave, open } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

/** More than all buffers on the way hold, so that the download is still going on while nobody reads. */
const DOWNLOAD_BYTES = 300_000_000;
const DOWNLOAD = `/bytes/${DOWNLOAD_BYTES}`;
const DOWNLOADS = 4;

let origins: Origin[] = [];
let balancer: Balancer;

afterEach(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

async function start(more: Record<string, Record<string, unknown>> = {}): Promise<void> {
  origins = await startOrigins("a", "b");
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      pools: {
        web: {
          algorithm: "least_connections",
          origins: origins.map((origin) => origin.config(more[origin.name])),
        },
      },
    },
  });
}

/** In flight at each origin, and in all. */
async function active(): Promise<[a: number | undefined, b: number | undefined, all: number]> {
  const { active_connections, origins } = await poolStats(balancer.url, "web");
  return [origins.a?.active_connections, origins.b?.active_connections, active_connections];
}

const hits = async () => (await Promise.all(origins.map((origin) => origin.hits()))).flat();

const becomes = (a: number, b: number) =>
  eventually(`${a} at a and ${b} at b`, async () => String(await active()) === String([a, b, a + b]));

/** A download over a bare socket, of which the head has arrived. */
async function bareDownload(path: string): Promise<Socket> {
  const socket = bareRequest(path);
  await once(socket, "readable");
  return socket;
}

function bareRequest(path: string): Socket {
  const { hostname, port } = new URL(balancer.url);
  // Half-open: a FIN in one direction does not end the other.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
  return socket;
}

/** Begins a download and returns what breaks it off. */
const WAYS: Record<string, () => Promise<() => void>> = {
  /** Closed while there is nothing unread: what the balancer sends next is answered with a reset. */
  async FIN() {
    const socket = await bareDownload("/drip");
    socket.resume();
    return () => void socket.destroy();
  },
  async RST() {
    const socket = await bareDownload(DOWNLOAD);
    return () => void socket.resetAndDestroy();
  },
  async "an HTTP abort"() {
    const { request } = await open(balancer.url, DOWNLOAD);
    return () => leave.abort(request);
  },
};

describe("downloads", () => {
  test.each(Object.entries(WAYS))("count until the client breaks them off by %s", async (_, begin) => {
    await start();
    const breakOff = await Promise.all(Array.from({ length: DOWNLOADS }, begin));
    await becomes(DOWNLOADS / 2, DOWNLOADS / 2);
    for (const each of breakOff) each();
    await becomes(0, 0);
    await eventually("the origins are told", async () => {
      const all = await hits();
      return all.length === DOWNLOADS && all.every(({ answerBrokenOff }) => answerBrokenOff);
    });
  });

  test("count until they are read to their end, though the client has half-closed its connection", async () => {
    await start();
    const downloads = await Promise.all([1, 2].map(() => bareDownload(DOWNLOAD)));
    for (const socket of downloads) socket.end();
    await becomes(1, 1);
    for (const socket of downloads) socket.resume();
    await Promise.all(downloads.map((socket) => once(socket, "end")));
    for (const { bytesRead } of downloads) expect(bytesRead).toBeGreaterThan(DOWNLOAD_BYTES);
    await becomes(0, 0);
  });
});

test("a request counts while it waits for an answer, until the client resets its connection", async () => {
  await start();
  await Promise.all(origins.map((origin) => origin.behave({ path: "/hang", fault: "hang" })));
  const waiting = Array.from({ length: DOWNLOADS }, () => bareRequest("/hang"));
  await eventually("all have arrived", async () => (await hits()).length === DOWNLOADS);
  await eventually("they count", async () => {
    // The isolate reports when there is a request to report with.
    await fetchRaw(balancer.url, "/");
    return (await active())[2] === DOWNLOADS;
  });
  for (const socket of waiting) socket.resetAndDestroy();
  await becomes(0, 0);
});

test("a WebSocket counts until it is closed", async () => {
  await start();
  const sockets = [1, 2].map(() => new WebSocket(`${balancer.url.replace("http", "ws")}/ws`));
  await Promise.all(sockets.map((socket) => once(socket, "open")));
  await becomes(1, 1);
  sockets[0]?.close();
  sockets[1]?.terminate();
  await becomes(0, 0);
});

test("an origin never has more than max_connections; what is beyond goes to the backup, then to nobody", async () => {
  await start({ a: { max_connections: 3 }, b: { max_connections: 2, backup: true } });
  const downloads: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < 7; i++) downloads.push(await open(balancer.url, DOWNLOAD));
  const servedBy = downloads.map(({ response }) => response.headers["x-origin"] ?? response.statusCode);
  expect(servedBy).toEqual(["a", "a", "a", "b", "b", 503, 503]);
  expect(downloads.at(-1)?.response.headers["retry-after"]).toMatch(/^\d+$/);
  for (const { request } of downloads) leave.abort(request);
  await becomes(0, 0);
  expect((await fetchRaw(balancer.url, "/")).headers["x-origin"]).toBe("a");
});
