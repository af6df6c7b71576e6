/**
 * Refused connections and answers that call for another origin: the requests that are sent on to the next origin.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";
import { warmUp } from "./support/warm-up.ts";

let origins: Origin[];
let balancer: Balancer;
/** Ports at which nothing listens. */
let refusing: number[];

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  refusing = [await freePort(), await freePort()];
  const port = await freePort();
  const gone = refusing.map((each) => ({ id: `gone-${each}`, url: `http://127.0.0.1:${each}` }));
  balancer = await startBalancer({
    port,
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [
        { host: "one-gone.test", pool: "one-gone" },
        { host: "all-gone.test", pool: "all-gone" },
        { host: "loop.test", pool: "loop" },
        { pool: "web" },
      ],
      pools: {
        web: { origins: origins.map((origin) => origin.config()) },
        "one-gone": { origins: [gone[0], origins[0]?.config()] },
        "all-gone": { origins: gone },
        loop: { origins: [{ id: "self", url: `http://127.0.0.1:${port}` }] },
      },
    },
  });
  // From then on the two origins take turns without a break.
  await warmUp(balancer.url, { web: "any.test" });
  await Promise.all(origins.map((origin) => origin.forget()));
});

afterEach(async () => {
  await Promise.all(origins.map((origin) => origin.behave()));
  await Promise.all(origins.map((origin) => origin.forget()));
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, ["web", "one-gone", "all-gone", "loop"], origins);
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

const count = async (origin: Origin | undefined) => (await origin?.hits())?.length;

test("an origin that refuses connections is passed over; no client notices", async () => {
  for (let request = 0; request < 10; request++) {
    const reply = await fetchRaw(balancer.url, "/", { headers: { host: "one-gone.test" } });
    expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "a"]);
  }
});

test("a body goes whole to the origin after the one that refused", async () => {
  for (let request = 0; request < 4; request++) {
    const options = { method: "PUT", body: `body ${request}`, headers: { host: "one-gone.test" } };
    expect((await fetchRaw(balancer.url, "/upload", options)).status).toBe(200);
  }
  const hits = (await origins[0]?.hits()) ?? [];
  expect(hits.map((hit) => [hit.bodyBytes, hit.bodyComplete])).toEqual(Array(4).fill([6, true]));
});

describe.each([502, 503, 504])("an origin that answers %i", (status) => {
  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])("sends a %s on to the next one", async (method) => {
    await origins[0]?.behave({ status });
    for (let request = 0; request < 2; request++) {
      const reply = await fetchRaw(balancer.url, "/", { method });
      expect([reply.status, reply.headers["x-origin"]]).toEqual([200, "b"]);
    }
    expect(await count(origins[0])).toBe(1);
  });

  test.each(["POST", "PATCH"])("keeps a %s, and the client gets its answer", async (method) => {
    await Promise.all(origins.map((origin) => origin.behave({ status })));
    const reply = await fetchRaw(balancer.url, "/", { method, body: "once" });
    expect(reply.status).toBe(status);
    expect(reply.body.toString()).toMatch(/^[ab] says/);
    expect(((await count(origins[0])) ?? 0) + ((await count(origins[1])) ?? 0)).toBe(1);
  });
});

test("if all origins refuse, the client learns this and nothing else about them", async () => {
  const reply = await fetchRaw(balancer.url, "/", { headers: { host: "all-gone.test" } });
  expect(reply.status).toBe(502);
  expect(reply.headers["content-type"]).toBe("application/problem+json");
  expect(json(reply)).toMatchObject({ type: "origin_failed", status: 502 });
  const everything = [...reply.rawHeaders, reply.body.toString()].join("\n");
  for (const secret of ["127.0.0.1", "gone-", ...refusing.map(String)])
    expect(everything).not.toContain(secret);
});

test("an origin that is this balancer itself is refused as a loop", async () => {
  const reply = await fetchRaw(balancer.url, "/", { headers: { host: "loop.test" } });
  // The inner request has the host of the origin's url, so it comes in as `web`'s: refused before that matters.
  expect(reply.status).toBe(508);
  expect(json(reply)).toMatchObject({ type: "loop", status: 508 });
  expect(await count(origins[0])).toBe(0);
});
