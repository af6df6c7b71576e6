/**
 * An origin leaves while it is in use: nothing new goes there, what is open finishes, and the balancer says when.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, admin, poolState } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, open } from "./support/client.ts";
import { CookieJar } from "./support/cookie-jar.ts";
import { eventsOf } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { warmUp } from "./support/warm-up.ts";

const DOWNLOAD_BYTES = 30_000_000;
/** Seconds in which even a busy machine gets to look at the drain. */
const DRAIN_S = 15;
/** Between two requests of a client under load. */
const PAUSE_MS = 10;

const TO_STICKY = { headers: { host: "sticky.test" } };
const ROUTES = ["removed", "sticky"].map((pool) => ({ host: `${pool}.test`, pool }));

let origins: Origin[] = [];
let balancer: Balancer;

/** @param left origins of the pool that loses one */
function configOf(left: readonly Origin[]) {
  const sticky = { origins: origins.map((origin) => origin.config()), sticky: true, drain_timeout: DRAIN_S };
  return {
    routes: ROUTES,
    pools: { removed: { origins: left.map((origin) => origin.config()) }, sticky },
  };
}

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  balancer = await startBalancer({ adminToken: ADMIN_TOKEN, config: configOf(origins) });
  // The keys of the sessions come from the object.
  await warmUp(balancer.url, { sticky: TO_STICKY.headers.host });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

/** Requests that the origin got of the pool that loses it. */
async function removedHits(origin: Origin): Promise<number> {
  const hits = await origin.hits();
  return hits.filter(({ headers }) => headers["x-forwarded-host"] === "removed.test").length;
}

/** Reads downloads to their ends. @returns their bytes */
function sizesOf(downloads: readonly { response: IncomingMessage }[]): Promise<number[]> {
  const sizes = downloads.map(async ({ response }) => {
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(response, "end");
    return bytes;
  });
  return Promise.all(sizes);
}

// Beside each other: both wait most of the time.
test.concurrent("an origin taken out of the configuration is drained before it goes, without an error for anyone", async () => {
  const [a, b] = origins;
  if (a === undefined || b === undefined) throw new Error("there are two");
  const to = { headers: { host: "removed.test" } };
  const said = (...kinds: string[]) => eventsOf(balancer, "removed", ...kinds);

  const download = () => open(balancer.url, `/bytes/${DOWNLOAD_BYTES}`, to);
  const downloads = await Promise.all([1, 2, 3, 4].map(download));
  const fromB = downloads.filter(({ response }) => response.headers["x-origin"] === "b");
  expect(fromB.length, "downloads that b serves").toBeGreaterThan(0);

  balancer.writeConfig(configOf([a]));
  await eventually("the drain begins", async () => {
    await fetchRaw(balancer.url, "/", to);
    return said("drain_started").length > 0;
  });
  await eventually("nothing new reaches b", async () => {
    const before = await removedHits(b);
    for (let i = 0; i < 10; i++) expect((await fetchRaw(balancer.url, "/", to)).status).toBe(200);
    return (await removedHits(b)) === before;
  });
  expect(said("drained"), "while a download is open").toEqual([]);

  expect(await sizesOf(downloads)).toEqual(downloads.map(() => DOWNLOAD_BYTES));
  await eventually("b is gone", () => said("removed").length > 0);
  expect(said("drain_started", "drained", "removed").map(({ event, origin }) => [event, origin])).toEqual([
    ["drain_started", "b"],
    ["drained", "b"],
    ["removed", "b"],
  ]);
  expect(said("drained")[0]?.detail).toBe("nothing left");
});

test.concurrent("an origin drained under load gets no new session, keeps its own until the time is up, and nobody sees an error", async () => {
  const { url } = balancer;
  const downloads = await Promise.all([1, 2].map(() => open(url, `/bytes/${DOWNLOAD_BYTES}`, TO_STICKY)));
  expect(downloads.map(({ response }) => response.headers["x-origin"]).sort()).toEqual(["a", "b"]);

  const statuses = new Set<number>();
  let running = true;
  let isDraining = false;
  /** Where sessions were begun once the drain was in force. */
  const begun = new Set<string>();
  const clients = Array.from({ length: 10 }, () => new Session(url));
  const load = [
    ...clients.map(async (client) => {
      for (; running; await sleep(PAUSE_MS)) statuses.add(await client.request());
    }),
    ...[1, 2].map(async () => {
      for (; running; await sleep(PAUSE_MS)) {
        const isLate = isDraining;
        const session = new Session(url);
        statuses.add(await session.request());
        if (isLate) begun.add(session.origin);
      }
    }),
  ];
  const onB = () => clients.filter(({ origin }) => origin === "b");
  await eventually("sessions on both", () => onB().length > 0 && onB().length < clients.length);

  await admin(url, "/pools/sticky/origins/b/drain", { method: "POST" });
  await eventually("the drain is in force", async () => {
    const news = Array.from({ length: 10 }, () => new Session(url));
    await Promise.all(news.map((session) => session.request()));
    return news.every(({ origin }) => origin === "a");
  });
  isDraining = true;
  const b = (await poolState(url, "sticky")).origins.find(({ id }) => id === "b");
  expect(b, "what is left is visible").toMatchObject({ draining: true, drain_deadline: expect.any(Number) });
  expect(b?.active_connections).toBeGreaterThanOrEqual(1);
  const pinned = onB();
  expect(pinned.length, "sessions that stay").toBeGreaterThan(0);

  await eventually("b is drained", () => eventsOf(balancer, "sticky", "drained").length > 0);
  const [drained] = eventsOf(balancer, "sticky", "drained");
  expect(drained).toMatchObject({
    origin: "b",
    detail: expect.stringMatching(/^time is up, \d+ requests left$/),
  });
  await eventually("its sessions have moved", () => onB().length === 0);
  running = false;
  await Promise.all(load);

  expect(statuses).toEqual(new Set([200]));
  expect(begun).toEqual(new Set(["a"]));
  for (const { moves } of pinned) {
    expect(moves.map(({ to }) => to)).toEqual(["b", "a"]);
    expect(moves[1]?.atMs, "not before b was drained").toBeGreaterThanOrEqual(
      Date.parse(drained?.time ?? ""),
    );
  }
  for (const { moves } of clients) expect(moves.length).toBeLessThanOrEqual(2);
  expect(await sizesOf(downloads), "downloads finish").toEqual([DOWNLOAD_BYTES, DOWNLOAD_BYTES]);
});

/** A client that keeps its cookies. */
class Session {
  readonly #url: string;
  readonly #jar = new CookieJar();
  readonly moves: { to: string; atMs: number }[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  /** The origin of the last answer; empty before there is one. */
  get origin(): string {
    return this.moves.at(-1)?.to ?? "";
  }

  /** @returns the status */
  async request(): Promise<number> {
    const reply = await fetchRaw(this.#url, "/", {
      headers: { ...TO_STICKY.headers, ...this.#jar.headers() },
    });
    this.#jar.take(reply);
    const to = reply.headers["x-origin"] ?? "none";
    if (to !== this.origin) this.moves.push({ to, atMs: Date.now() });
    return reply.status;
  }
}
