/**
 * An object that has restarted withholds the part of a rate limit that its previous incarnation has granted. Requests
 * wait for it.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { clock, eventually } from "./test-clock.ts";
import { WrappedObject } from "./wrapped-object.ts";
import { configure, ORIGINS, object, pool, stub, url, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("withheld");

/** Its previous incarnation has granted all of it. */
const LIMITED = { origins: ORIGINS.slice(0, 1), rate_limit: 2 };

/** The object restarts while an isolate of before holds the limit. @returns another isolate, which meets it anew */
async function restarted(): Promise<WrappedObject> {
  await configure(LIMITED);
  await clock.still(async () => {
    expect((await object.ask(url)).status).toBe(200);
    await evictDurableObject(stub());
  });
  return new WrappedObject();
}

const seekersOf = (isolate: WrappedObject) => isolate.isolate.pool(pool).pool.rates.waits.seekers.size;

describe("a request that finds the whole limit withheld", () => {
  it("waits and is served, also if the object restarts once more meanwhile", async () => {
    const isolate = await restarted();
    const asking = isolate.ask(url);
    await clock.until(() => expect(seekersOf(isolate)).toBe(1));
    await evictDurableObject(stub());
    await clock.pass(asking);
    expect((await asking).status).toBe(200);
    expect(isolate.count("acquire")).toBeGreaterThan(0);
    expect(seekersOf(isolate)).toBe(0);
    await clock.pass(isolate.settle());
  });

  it("is refused after half of the time that it has", async () => {
    const isolate = await restarted();
    await configure({ ...LIMITED, failover: { attempt_timeout: 1, total_timeout: 1 } });
    await stub().wake();
    const asking = isolate.ask(url);
    await clock.pass(asking);
    const answer = await asking;
    expect([answer.status, await answer.json()]).toMatchObject([503, { type: "rate_limited" }]);
    expect(seekersOf(isolate)).toBe(0);
    await clock.pass(isolate.settle());
  });

  it("does not wait if its origins take no traffic anyway", async () => {
    const isolate = await restarted();
    await configure({ ...LIMITED, origins: [{ ...ORIGINS[0], enabled: false }] });
    await stub().wake();
    await clock.still(async () => {
      const answer = await isolate.ask(url);
      expect([answer.status, await answer.json()]).toMatchObject([503, { type: "no_origin_available" }]);
    });
  });

  it("is served at once where the pool gets an origin that may take it", async () => {
    const isolate = await restarted();
    const asking = isolate.seen(url);
    await clock.until(() => expect(seekersOf(isolate)).toBe(1));
    await configure({ ...LIMITED, origins: [ORIGINS[0], { ...ORIGINS[1], rate_limit: 100 }] });
    await stub().wake();
    await clock.pass(asking);
    expect(await asking).toBe("200 o1");
    expect(seekersOf(isolate)).toBe(0);
    await clock.pass(isolate.settle());
  });

  it("goes to the origin that has replaced the one it waits for", async () => {
    const isolate = await restarted();
    const asking = isolate.seen(url);
    await clock.until(() => expect(seekersOf(isolate)).toBe(1));
    await configure({ origins: ORIGINS.slice(1, 2) });
    await stub().wake();
    await clock.pass(asking);
    expect(await asking).toBe("200 o1");
    await clock.pass(isolate.settle());
  });

  it("is refused where its pool is removed", async () => {
    const isolate = await restarted();
    const asking = isolate.ask(url);
    await clock.until(() => expect(seekersOf(isolate)).toBe(1));
    await stub().removePool({ who: "test", what: "remove" });
    await clock.pass(asking);
    const answer = await asking;
    expect([answer.status, await answer.json()]).toMatchObject([503, { type: "no_origin_available" }]);
    expect(seekersOf(isolate)).toBe(0);
    await clock.pass(isolate.settle());
  });

  it("waits no more, and is not counted among those that wait, once its client has left", async () => {
    const isolate = await restarted();
    const client = new AbortController();
    const asking = isolate.ask(new Request(url, { signal: client.signal }));
    await clock.until(() => expect(seekersOf(isolate)).toBe(1));
    await clock.still(async () => {
      client.abort();
      await eventually(() => expect(seekersOf(isolate)).toBe(0));
    });
    const calls = isolate.count("acquire");
    await clock.pass(asking);
    expect((await asking).status).toBe(499);
    expect(isolate.count("acquire")).toBe(calls);
    await clock.pass(isolate.settle());
  });
});

describe("a request whose route has several pools, all of them withheld", () => {
  /** The objects of the pools restart while an isolate of before holds their limits. */
  async function restartedAll(pools: readonly string[], route: object): Promise<WrappedObject> {
    const hosts = pools.map((id) => ({ host: `${id}.test`, pool: id }));
    await env.POOLS.put("routes", JSON.stringify([...hosts, { host: `${pool}.example`, ...route }]));
    await clock.still(async () => {
      for (const [index, id] of pools.entries()) {
        const document = JSON.stringify({ ...LIMITED, origins: ORIGINS.slice(index, index + 1) });
        await env.POOLS.put(`pool:${id}`, document, { metadata: { updated_at: Date.now() } });
        expect((await object.ask(`http://${id}.test/`)).status).toBe(200);
      }
      for (const id of pools) await evictDurableObject(env.UPSTREAM_POOL.getByName(id));
    });
    return new WrappedObject();
  }

  it.each([
    ["in the last of them", (pools: string[]) => ({ pools })],
    ["in the fallback", ([first, second]: string[]) => ({ pools: [first], fallback_pool: second })],
    [
      "in the fallback of a single one",
      ([first, second]: string[]) => ({ pool: first, fallback_pool: second }),
    ],
  ])("waits %s, and is served", async (_, routeOf) => {
    const pools = [pool, `${pool}-last`];
    const isolate = await restartedAll(pools, routeOf(pools));
    const asking = isolate.seen(url);
    await clock.pass(asking);
    expect(await asking).toBe("200 o1");
    await clock.pass(isolate.settle());
  });
});
