/**
 * A request is sent twice only if that is provably safe.
 */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[] = [];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { pools: { web: { origins: origins.map((origin) => origin.config()) } } },
  });
});

afterEach(async () => {
  await Promise.all(origins.map((origin) => origin.behave()));
  await Promise.all(origins.map((origin) => origin.forget()));
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, ["web"], origins);
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

/** Both misbehave, so that it does not matter whose turn it is; `times` is how often the request arrived. */
async function bothFail(fault: "reset" | number): Promise<void> {
  const behaviour = typeof fault === "number" ? { status: fault } : { fault };
  await Promise.all(origins.map((origin) => origin.behave(behaviour)));
}

async function arrivals(): Promise<number> {
  return (await Promise.all(origins.map((origin) => origin.hits()))).flat().length;
}

describe("a POST to an origin that dies mid-request", () => {
  test("is sent once without an Idempotency-Key, and the client is told", async () => {
    await bothFail("reset");
    const reply = await fetchRaw(balancer.url, "/orders", { method: "POST", body: "one order" });
    expect(reply.status).toBe(502);
    expect(json(reply)).toMatchObject({ type: "origin_failed" });
    expect(reply.body.toString()).not.toMatch(/127\.0\.0\.1|:\d{4,5}/);
    expect(await arrivals()).toBe(1);
  });

  test.each([{ "idempotency-key": "" }, { "idempotency-key": "k1", connection: "idempotency-key" }])(
    "is sent once with %j, which is no key that the origin gets",
    async (headers) => {
      await bothFail("reset");
      const reply = await fetchRaw(balancer.url, "/orders", { method: "POST", body: "one order", headers });
      expect(reply.status).toBe(502);
      expect(await arrivals()).toBe(1);
    },
  );

  test("is replayed whole with an Idempotency-Key", async () => {
    const body = randomBytes(50_000);
    const [a, b] = origins;
    for (const [dying, other] of [
      [a, b],
      [b, a],
    ]) {
      await dying?.behave({ fault: "reset" });
      for (let i = 0; i < 2; i++) {
        const reply = await fetchRaw(balancer.url, "/upload", {
          method: "POST",
          body,
          headers: { "idempotency-key": "k1" },
        });
        expect(reply.status).toBe(200);
      }
      const hits = (await other?.hits()) ?? [];
      expect(hits.length).toBeGreaterThan(0);
      expect(hits.every((hit) => hit.bodyComplete && hit.bodyBytes === body.length)).toBe(true);
      await dying?.behave();
      await other?.forget();
    }
  });

  test("is not replayed if its body is larger than what is kept", async () => {
    await bothFail(503);
    const headers = { "idempotency-key": "k2" };
    const reply = await fetchRaw(balancer.url, "/x", { method: "PUT", body: randomBytes(70_000), headers });
    expect(reply.status).toBe(503);
    expect(await arrivals()).toBe(1);
  });
});

describe("a GET that every origin answers with an error", () => {
  test("is tried at each once, and the client gets the origin's own last answer", async () => {
    await bothFail(503);
    const reply = await fetchRaw(balancer.url, "/");
    expect(reply.status).toBe(503);
    expect(reply.body.toString()).toMatch(/^[ab] says 503/);
    expect(await arrivals()).toBe(2);
  });

  test("is not tried again for a status that is not in retry_on", async () => {
    await bothFail(500);
    expect((await fetchRaw(balancer.url, "/")).status).toBe(500);
    expect(await arrivals()).toBe(1);
  });
});

describe("Cloudflare's own answers for an origin it cannot reach", () => {
  // Only Cloudflare makes these; here the origins do.
  test.each([520, 521, 522, 523, 525, 527, 530])("%i counts as a connect failure", async (status) => {
    await bothFail(status);
    const refused = await fetchRaw(balancer.url, "/");
    expect([refused.status, json(refused)]).toMatchObject([502, { type: "origin_failed" }]);
    const [a, b] = origins;
    await a?.behave();
    await b?.behave({ status });
    for (let i = 0; i < 2; i++) expect((await fetchRaw(balancer.url, "/")).status).toBe(200);
  });
});
