/**
 * A request that failed in one pool goes on to the next, by the rules of the first; or it does not, and then it was at
 * one pool only, whatever failed: the origins' own ledgers say so.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, head } from "./support/bare-ends.ts";
import { burst, refusedInBurst } from "./support/bursts.ts";
import { fetchRaw, json, type Reply, type RequestOptions } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { logLine } from "./support/log-lines.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";

const POOLS = ["eu", "us", "limited", "spare", "gone", "quick", "off", "brief"];
/** The time of all attempts in the pool `brief`. */
const BRIEF_MS = 3_000;

let balancer: Balancer;
let eu: Origin;
let us: Origin;
let spare: Origin;
let all: Origin[];

beforeAll(async () => {
  all = await startOrigins("eu-1", "us-1", "spare-1");
  [eu, us, spare] = all as [Origin, Origin, Origin];
  const gone = { id: "gone-1", url: `http://127.0.0.1:${await freePort()}` };
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [
        { host: "listed.test", pools: ["eu", "us"], fallback_pool: "spare" },
        { host: "once.test", pools: ["eu", "us"], retry_pools: false, fallback_pool: "spare" },
        { host: "gone.test", pools: ["gone", "us"] },
        { host: "limited.test", pools: ["limited", "us"] },
        { host: "both-limited.test", pools: ["limited", "narrow"] },
        { host: "quick.test", pools: ["quick", "us"] },
        { host: "plain.test", pool: "eu", fallback_pool: "us" },
        { host: "off.test", pool: "off", fallback_pool: "brief" },
        { host: "off-and-limited.test", pool: "off", fallback_pool: "limited" },
      ],
      pools: {
        eu: { failover: { max_attempts: 1 }, origins: [eu.config()] },
        us: { origins: [us.config()] },
        spare: { origins: [spare.config()] },
        gone: { origins: [gone] },
        // The time of all attempts is that of the first pool.
        quick: { failover: { attempt_timeout: 0.3, total_timeout: 0.3 }, origins: [eu.config()] },
        off: { origins: [{ ...eu.config(), enabled: false }] },
        brief: { failover: { total_timeout: BRIEF_MS / 1_000 }, origins: [us.config()] },
        limited: { rate_limit: 1, origins: [eu.config()] },
        narrow: { rate_limit: 1, origins: [us.config()] },
      },
    },
  });
});

afterEach(async () => {
  await Promise.all(all.map((origin) => origin.behave()));
  await Promise.all(all.map((origin) => origin.forget()));
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, [...POOLS, "narrow"], all);
  await balancer?.stop();
  await Promise.all((all ?? []).map((origin) => origin.kill()));
});

function ask(host: string, options: RequestOptions = {}, path = "/"): Promise<Reply> {
  return fetchRaw(balancer.url, path, { ...options, headers: { host, ...options.headers } });
}

/** How many requests arrived at each: eu, us, spare. */
async function ledgers(): Promise<number[]> {
  return await Promise.all(all.map(async (origin) => (await origin.hits()).length));
}

/** Its time is up, and it has been at eu alone, once: on a busy machine not every request gets there before that. */
async function arrivesOnce(host: string, options: RequestOptions = {}): Promise<void> {
  let requests = 0;
  await eventually("a request to arrive in time", async () => {
    requests++;
    const reply = await ask(host, options);
    expect([reply.status, json(reply)]).toMatchObject([504, { type: "origin_timeout" }]);
    const [first = 0, ...others] = await ledgers();
    expect(others).toEqual([0, 0]);
    expect(first).toBeLessThanOrEqual(requests);
    return first > 0;
  });
}

const answered = ({ status, headers }: Reply) => [status, headers["x-origin"]];

describe("a request that may be sent twice", () => {
  test.each(["reset", "status 503", "refused"])("goes on to the next pool: %s", async (how) => {
    if (how === "reset") await eu.behave({ fault: "reset" });
    if (how === "status 503") await eu.behave({ status: 503 });
    const host = how === "refused" ? "gone.test" : "listed.test";
    expect(answered(await ask(host))).toEqual([200, "us-1"]);
    expect(await ledgers()).toEqual([how === "refused" ? 0 : 1, 1, 0]);
  });

  test("goes with its whole body", async () => {
    await eu.behave({ status: 502 });
    const body = "x".repeat(50_000);
    const reply = await ask("listed.test", { method: "PUT", body }, "/upload");
    expect(reply.status).toBe(200);
    expect((await us.hits()).map(({ method, bodyBytes }) => [method, bodyBytes])).toEqual([["PUT", 50_000]]);
  });

  test("is logged with all its attempts, and with where it came from", async () => {
    await eu.behave({ status: 503 });
    await ask("listed.test", { headers: { "x-request-id": "went-on" } });
    expect(await logLine(balancer, "went-on")).toMatchObject({
      pool: "us",
      attempts: 2,
      arrival: "retry",
      steered_from: "eu",
    });
  });

  test("goes to each pool once, at last to the fallback, and its client gets the last answer", async () => {
    await Promise.all(all.map((origin) => origin.behave({ status: 503 })));
    const reply = await ask("listed.test");
    expect([reply.status, reply.body.toString()]).toEqual([503, expect.stringMatching(/^spare-1 says 503/)]);
    expect(await ledgers()).toEqual([1, 1, 1]);
  });

  test("gets the first pool's answer if no later pool gave one", async () => {
    await eu.behave({ status: 503 });
    await us.behave({ fault: "reset" });
    await spare.behave({ fault: "reset" });
    const reply = await ask("listed.test", { headers: { "x-request-id": "stood" } });
    expect([reply.status, reply.body.toString()]).toEqual([503, expect.stringMatching(/^eu-1 says 503/)]);
    expect(await logLine(balancer, "stood")).toMatchObject({
      pool: "eu",
      attempts: 3,
      arrival: "first",
      steered_from: null,
    });
  });

  test("is not sent on for a status that the pool does not retry", async () => {
    await eu.behave({ status: 500 });
    expect((await ask("listed.test")).status).toBe(500);
    expect(await ledgers()).toEqual([1, 0, 0]);
  });

  test("is not sent on when the first pool's time is over", async () => {
    await eu.behave({ fault: "hang" });
    await arrivesOnce("quick.test");
  });

  test("is not sent on where the route says so", async () => {
    await eu.behave({ status: 503 });
    expect((await ask("once.test")).status).toBe(503);
    expect(await ledgers()).toEqual([1, 0, 0]);
  });

  test("with an Idempotency-Key may be a POST", async () => {
    await eu.behave({ fault: "reset" });
    const options = { method: "POST", body: "once", headers: { "idempotency-key": "k" } };
    expect(answered(await ask("listed.test", options, "/echo"))).toEqual([200, "us-1"]);
  });
});

describe("a POST without a key is at one pool only", () => {
  test.each<[how: string, fail: () => Promise<void>]>([
    ["its connection breaks off", () => eu.behave({ fault: "reset" })],
    ["its answer is 503", () => eu.behave({ status: 503 })],
    ["its answer is 502", () => eu.behave({ status: 502 })],
    ["its answer breaks off", () => eu.behave({ fault: "close_mid_body" })],
  ])("when %s", async (_, fail) => {
    await fail();
    await ask("listed.test", { method: "POST", body: "once" }, "/echo").catch(() => undefined);
    expect(await ledgers()).toEqual([1, 0, 0]);
  });

  test("when no connection can be made", async () => {
    const reply = await ask("gone.test", { method: "POST", body: "once" });
    expect([reply.status, json(reply)]).toMatchObject([502, { type: "origin_failed" }]);
    expect(await ledgers()).toEqual([0, 0, 0]);
  });

  test("when its answer takes too long", async () => {
    await eu.behave({ fault: "hang" });
    await arrivesOnce("quick.test", { method: "POST", body: "once" });
  });
});

test("a GET whose answer breaks off within its body is not sent again", async () => {
  await eu.behave({ fault: "close_mid_body" });
  await ask("listed.test").catch(() => undefined);
  expect(await ledgers()).toEqual([1, 0, 0]);
});

describe("a pool at its rate limit", () => {
  test("is passed over, for a POST too: nothing was sent there", async () => {
    const { replies, most } = await burst(() =>
      ask("limited.test", { method: "POST", body: "once" }, "/echo"),
    );
    expect(replies.map(({ status }) => status)).toEqual(new Array(8).fill(200));
    const [first = 0, second = 0] = await ledgers();
    expect(first + second).toBe(8);
    expect(first).toBeLessThanOrEqual(most);
  });

  test("is the client's answer if all pools are at their limits", async () => {
    for (const reply of await refusedInBurst(() => ask("both-limited.test"), 2)) {
      expect(json(reply)).toMatchObject({ type: "rate_limited" });
      expect(Number(reply.headers["retry-after"])).toBe(1);
    }
  });
});

test("a body that came slowly to a pool without origins takes nothing of the next pool's time", async () => {
  const request = head("PUT /upload", "host: off.test", "content-length: 10");
  const client = await BareClient.send(balancer.url, request);
  client.socket.write("hello");
  await sleep(BRIEF_MS + 500);
  client.socket.write("world");
  expect(await client.status()).toBe(200);
  expect((await us.hits()).map(({ bodyBytes }) => bodyBytes)).toEqual([10]);
});

test("a client of a route with one pool is not told of the fallback's limit if the pool had no origin to offer", async () => {
  for (const reply of await refusedInBurst(() => ask("off-and-limited.test"), 1))
    expect(json(reply)).toMatchObject({ type: "no_origin_available" });
});

test("the fallback of a route with one pool serves a request that was not sent, and no failed one", async () => {
  await eu.behave({ status: 503 });
  const reply = await ask("plain.test", { headers: { "x-request-id": "plain" } });
  expect(reply.status).toBe(503);
  expect(await ledgers()).toEqual([1, 0, 0]);
  expect(await logLine(balancer, "plain")).not.toHaveProperty("arrival");
});
