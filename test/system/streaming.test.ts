import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { OriginStats } from "../../src/contract/stats.ts";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchDigest, fetchRaw, leave, open } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { growthMb, MAX_GROWTH_MB } from "./support/memory.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigin } from "./support/origins.ts";

const MB = 1_000_000;

let origin: Origin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await startOrigin("a");
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: { pools: { web: { origins: [origin.config()] } } },
  });
});

afterEach(() => origin.forget());

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, ["web"], [origin]);
  await balancer?.stop();
  await origin?.kill();
});

/** That many bytes in blocks, none the same as the one before. */
function upload(bytes: number): Readable {
  return Readable.from(
    (function* () {
      for (let left = bytes, n = 0; left > 0; left -= 65_536, n++)
        yield Buffer.alloc(Math.min(left, 65_536), n % 251);
    })(),
  );
}

test("100 MB down arrive as they are, in flat memory", async () => {
  const direct = await fetchDigest(origin.url, `/bytes/${100 * MB}`);
  await fetchRaw(balancer.url, "/");
  const growth = await growthMb(balancer, async () => {
    const reply = await fetchDigest(balancer.url, `/bytes/${100 * MB}`);
    expect(reply).toMatchObject({ status: 200, bytes: 100 * MB, sha256: direct.sha256 });
    expect(reply.headers["content-length"]).toBe(String(100 * MB));
  });
  expect(growth).toBeLessThan(MAX_GROWTH_MB);
});

test("100 MB up arrive as they are, in flat memory, with a length and without", async () => {
  for (const headers of [{ "content-length": String(100 * MB) }, { "transfer-encoding": "chunked" }]) {
    await origin.forget();
    await fetchRaw(origin.url, "/upload", { method: "POST", body: upload(100 * MB), headers });
    const growth = await growthMb(balancer, async () => {
      const reply = await fetchRaw(balancer.url, "/upload", {
        method: "POST",
        body: upload(100 * MB),
        headers,
      });
      expect(reply).toMatchObject({ status: 200, body: Buffer.from("received") });
    });
    const [direct, forwarded] = await origin.hits();
    expect(forwarded).toMatchObject({
      bodyBytes: 100 * MB,
      bodySha256: direct?.bodySha256,
      bodyComplete: true,
    });
    expect(growth).toBeLessThan(MAX_GROWTH_MB);
  }
});

test("a client that does not read does not fill the runtime's memory", async () => {
  const growth = await growthMb(balancer, async () => {
    const { request, response } = await open(balancer.url, `/bytes/${500 * MB}`);
    response.pause();
    // As much as the sockets and the runtime take, until all of them are full.
    let before = -1;
    await eventually("the stream to stand still", async () => {
      const now = response.socket?.bytesRead ?? 0;
      const still = now === before;
      before = now;
      return still;
    });
    leave.reset(request);
  });
  expect(growth).toBeLessThan(MAX_GROWTH_MB);
});

test("server-sent events arrive one at a time: the next is sent only after the last was seen", async () => {
  const { request, response } = await open(balancer.url, "/sse");
  expect(response.headers["content-type"]).toBe("text/event-stream");
  await eventually("the origin to see the listener", async () => (await origin.push("hello")) === 1);
  const reader = response.setEncoding("utf8")[Symbol.asyncIterator]();
  let seen = "";
  for (let event = 1; event <= 20; event++) {
    expect(await origin.push(`event ${event}`)).toBe(1);
    while (!seen.includes(`data: event ${event}\n\n`)) seen += String((await reader.next()).value);
  }
  leave.abort(request);
  await eventually("the origin to lose the listener", async () => (await origin.push("gone?")) === 0);
});

describe("a body that the origin breaks off", () => {
  const brokenOff = (id: string): boolean =>
    balancer.logs().includes(`"event":"answer_broken_off","request_id":"${id}","pool":"web","origin":"a"`);

  const counted = async (): Promise<Partial<OriginStats>> => {
    return (await poolStats(balancer.url, "web")).origins.a ?? {};
  };

  test("breaks off at the client, is in the log, and counts at the origin, not as its error", async () => {
    await origin.behave({ fault: "close_mid_body" });
    const before = await counted();
    const { response } = await open(balancer.url, "/", { headers: { "x-request-id": "cut" } });
    expect(response.statusCode).toBe(200);
    await expect(response.toArray()).rejects.toThrow();
    await eventually("the line", () => brokenOff("cut"));
    // Nothing else comes that would carry the count.
    await eventually("the count", async () => {
      return (await counted()).answers_broken_off === (before.answers_broken_off ?? 0) + 1;
    });
    expect((await counted()).errors).toBe(before.errors);
    await origin.behave();
  });

  test.each(["reset", "finish", "abort"] as const)(
    "is not one that a client leaves alone: %s",
    async (how) => {
      const headers = { "x-request-id": how };
      const before = await counted();
      const { request, response } = await open(balancer.url, `/bytes/${500 * MB}`, { headers });
      response.on("error", () => {});
      response.pause();
      leave[how](request);
      if (how === "finish") request.destroy();
      await nothingOpen(balancer, ["web"], [origin]);
      expect(brokenOff(how)).toBe(false);
      await eventually(
        "its report",
        async () => Number((await counted()).requests) > Number(before.requests),
      );
      expect((await counted()).answers_broken_off).toBe(before.answers_broken_off);
    },
  );
});
