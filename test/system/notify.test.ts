/**
 * `notify_url` hears of every change of health, even if it was not listening at first. Both pools wait beside each other.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, admin } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PROBE_TIMEOUT_S } from "./support/patience.ts";

interface Told {
  kind: string;
  pool: string;
  origin: string;
  text: string;
  at: number;
}

/** What each pool's receiver was told, with the status that it answered. */
const told: Record<"all" | "some", (Told & { method: string; status: number })[]> = { all: [], some: [] };
const receivers: Server[] = [];
const originsOf: Record<"all" | "some", Origin[]> = { all: [], some: [] };
let balancer: Balancer;

/** @param refusals how often it answers 503 first */
async function receive(pool: "all" | "some", refusals: number): Promise<string> {
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const status = told[pool].length < refusals ? 503 : 204;
    const event = JSON.parse(Buffer.concat(chunks).toString()) as Told;
    told[pool].push({ ...event, method: request.method ?? "", status });
    response.writeHead(status).end();
  });
  receivers.push(receiver);
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  return `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
}

beforeAll(async () => {
  originsOf.all = await startOrigins("a", "b");
  originsOf.some = await startOrigins("a", "b");
  const check = { path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S };
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: ["all", "some"].map((pool) => ({ host: `${pool}.test`, pool })),
      pools: {
        all: {
          origins: originsOf.all.map((origin) => origin.config()),
          health_check: { ...check, unhealthy_threshold: 1, healthy_threshold: 1 },
          notify_url: await receive("all", 2),
        },
        some: {
          origins: originsOf.some.map((origin) => origin.config()),
          health_check: check,
          notify_url: await receive("some", 0),
          notify_on: ["drained", "pool_down", "pool_up"],
        },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all(Object.values(originsOf).flatMap((origins) => origins.map((origin) => origin.kill())));
  for (const receiver of receivers) receiver.close();
});

describe.concurrent("a receiver", () => {
  test("that fails at first gets the notifications again, in order, while checks continue", async () => {
    const [a] = originsOf.all;
    await fetchRaw(balancer.url, "/", { headers: { host: "all.test" } });
    await a?.behave({ path: "/healthz", status: 500 });
    await eventually("the first try", () => told.all.length > 0);
    await a?.behave();
    const taken = () => told.all.filter(({ status }) => status === 204);
    await eventually("both are taken", () => taken().length === 2);
    expect(taken().map(({ kind, origin }) => `${origin} ${kind}`)).toEqual(["a unhealthy", "a healthy"]);
    expect(told.all.length - taken().length).toBe(2);
    for (const { method, pool, at } of told.all)
      expect([method, pool, typeof at]).toEqual(["POST", "all", "number"]);
  });

  test("gets only the requested kinds of events, each with a sentence: drained, down and up", async () => {
    for (const id of ["a", "b"]) {
      await admin(balancer.url, `/pools/some/origins/${id}/drain`, { method: "POST" });
    }
    await eventually("all is drained", () => {
      return told.some.filter(({ kind }) => kind === "drained").length === 2;
    });
    await admin(balancer.url, "/pools/some/origins/b/undrain", { method: "POST" });
    await eventually("it is up", () => told.some.some(({ kind }) => kind === "pool_up"));
    expect(new Set(told.some.map(({ kind }) => kind))).toEqual(new Set(["drained", "pool_down", "pool_up"]));
    const texts = told.some.map(({ text }) => text);
    expect(texts).toContain("some is down: 0 of 2 origins take requests");
    expect(texts).toContain("some is up again: 1 of 2 origins take requests");
    expect(texts.some((text) => text.startsWith("some/a is drained"))).toBe(true);
    expect(told.some.filter(({ kind }) => kind === "pool_down")).toHaveLength(1);
  });
});
