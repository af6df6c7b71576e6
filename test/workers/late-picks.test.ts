/**
 * Picks that come late: after the request's time is up, or when the pool has changed.
 */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openGate, stands } from "./gates.ts";
import { clock, eventually } from "./test-clock.ts";
import { healthy, type Wrapper } from "./wrapped-object.ts";
import { configure, lines, ORIGINS, object, pool, stub, url, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("late");

/** The answer to a pick takes so long, whatever it took. */
const slowly =
  (ms: number): Wrapper =>
  async (call, method) => {
    const answer = await call();
    if (method === "pick") clock.skip(ms);
    return answer;
  };

const STRICT = { coordination: "strict", outlier_detection: { consecutive_failures: 1 } };

/** The document written last is in force: requests are answered so. */
async function answers(status: number): Promise<void> {
  await stub().wake();
  await clock.until(async () => {
    expect((await object.ask(url)).status).toBe(status);
  });
}

describe("a pick that comes after the time-out", () => {
  it("is not sent, blames no origin, and leaves nothing open", async () => {
    await configure(STRICT);
    expect((await object.ask(url)).status).toBe(200);
    object.wrapper = slowly(250);
    // Short only while no pick comes in time: an attempt that is sent has the usual time, on a busy machine too.
    await configure({ ...STRICT, failover: { attempt_timeout: 0.1, total_timeout: 0.1 } });
    await answers(504);
    await clock.still(async () => {
      const before = object.count("pick");
      for (let late = 1; late <= 4; late++) {
        const answer = await object.ask(url);
        expect([answer.status, await answer.json()]).toMatchObject([504, { type: "origin_timeout" }]);
        expect(object.count("pick") - before).toBe(late);
      }
    });
    expect(lines.filter(({ event }) => event === "pick_failed")).toEqual([]);
    await configure(STRICT);
    await answers(200);
    object.wrapper = healthy;
    await clock.until(async () => {
      await object.ask(url);
      const { origins } = await stub().stats();
      const all = Object.values(origins);
      expect(all.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(0);
      expect(all.map(({ errors, active_connections }) => [errors, active_connections])).toEqual(
        all.map(() => [0, 0]),
      );
    });
    expect(lines.filter(({ event }) => event === "ejected")).toEqual([]);
  });
});

describe("a pick that is not sent", () => {
  it("is no retry, and costs nothing of the budget for retries", async () => {
    await configure({
      ...STRICT,
      origins: ORIGINS.slice(0, 2),
      failover: { total_timeout: 30, attempt_timeout: 30 },
    });
    expect((await object.ask(url)).status).toBe(200);
    await clock.still(async () => {
      const before = object.count("pick");
      object.wrapper = (call, method) =>
        (object.count("pick") === before + 2 ? slowly(31_000) : healthy)(call, method);
      expect((await object.ask(`${url}?status=503`)).status).toBe(503);
      expect(object.count("pick"), "it was picked for once more").toBe(before + 2);
    });
    object.wrapper = healthy;
    await clock.until(async () => {
      const { requests, retries } = await stub().stats();
      expect([requests, retries]).toEqual([2, 0]);
    });
  });

  it("costs nothing of a rate limit", async () => {
    const limited = { ...STRICT, origins: ORIGINS.slice(0, 1), rate_limit: 1 };
    await configure({ ...limited, failover: { attempt_timeout: 0.1, total_timeout: 0.1 } });
    object.wrapper = slowly(250);
    await answers(504);
    // None of the limit's only token is left if one of these keeps it.
    clock.skip(3_000);
    await clock.still(async () => {
      for (let late = 0; late < 3; late++) {
        expect((await object.ask(url)).status).toBe(504);
        await eventually(() => expect(object.count("release")).toBe(object.count("pick")));
        await stub().describe();
      }
    });
  });
});

describe("a retry after a change of the pool", () => {
  it("does not go to an origin that has been removed meanwhile", async () => {
    const failover = { attempt_timeout: 60, total_timeout: 600, retry_on: [503] };
    const [first, second, third] = ORIGINS;
    if (first === undefined || second === undefined || third === undefined) throw new Error("no origins");
    const backups = [
      { ...second, backup: true },
      { ...third, backup: true },
    ];
    await configure({ origins: [first, backups[0]], failover });
    expect((await object.ask(url)).status).toBe(200);
    const failing = object.ask(`${url}?gate=${pool}&status=503`);
    await stands(pool);
    const document = { origins: [first, backups[1]], failover, log: { sample: 0 } };
    await env.POOLS.put(`pool:${pool}`, JSON.stringify(document), { metadata: { updated_at: Date.now() } });
    await stub().wake();
    await clock.until(async () => {
      const { config } = (await stub().describe()) as unknown as { config: { origins: { id: string }[] } };
      expect(config.origins.map(({ id }) => id)).toEqual([first.id, third.id]);
      expect(await object.seen(`${url}?status=503`), "the isolate knows of it").toBe("503 o2");
    });
    await openGate(pool);
    const answer = await failing;
    const { name } = await answer.json<{ name: string }>();
    expect(name, "the second was tried").toBe("o2");
  });
});

describe("a pick after a body that took its time", () => {
  it.each([
    ["leased", {}],
    ["strict", { coordination: "strict" }],
  ])("passes over what cannot be reached now, in a %s pool", async (_, more) => {
    await configure({ origins: ORIGINS.slice(0, 2), ...more });
    expect((await object.ask(url)).status).toBe(200);
    const { servers } = object.isolate.pool(pool).pool;
    const unreachable = (id: string): void => {
      const server = servers.get(id) ?? expect.fail(`no origin ${id}`);
      object.isolate.pool(pool).pool.recentlyUnreachable.observe(server, true);
    };
    const { readable, writable } = new FixedLengthStream(5);
    const writer = writable.getWriter();
    unreachable("a");
    const asking = object.seen(new Request(url, { method: "PUT", body: readable }));
    await writer.write(new TextEncoder().encode("he"));
    clock.skip(2_000);
    unreachable("b");
    await writer.write(new TextEncoder().encode("llo"));
    await writer.close();
    expect(await asking).toBe("200 o0");
  });
});
