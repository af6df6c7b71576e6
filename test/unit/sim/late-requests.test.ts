/** What a request does that waited before: it goes by the time that it is, not by the time at which it came. */
import { expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { Picker } from "../../../src/edge/forward/picker.ts";
import { describeRequest } from "../../../src/edge/model/edge-request.ts";
import { EdgePool } from "../../../src/edge/pool/edge-pool.ts";

const START_MS = 1_800_000_000_000;
const TTL_S = 60;
const NOWHERE = { waitUntil: () => undefined };

function world(document: Record<string, unknown> = {}) {
  const parsed = parsePool({
    origins: ["a", "b"].map((id) => ({ id, url: `https://${id}.example` })),
    ...document,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const clock = { nowMs: START_MS };
  const pool = new EdgePool(
    "p",
    () => 0,
    () => clock.nowMs,
  );
  pool.adoptConfig(parsed.value, {
    tokens: { a: "A".repeat(22), b: "B".repeat(22) },
    previous: {},
    pool_tag: "tttttt",
  });
  const activePool = pool.activePool ?? expect.fail("the pool is active");
  const server = (id: string) => pool.server(id) ?? expect.fail(`no origin ${id}`);
  const arrive = (cookie = "") =>
    describeRequest(new Request("https://client.example/", { headers: { cookie } }), {}, clock.nowMs);
  return { clock, pool, activePool, server, arrive };
}

it("an origin that could not be reached while the request waited is passed over", () => {
  const { clock, pool, activePool, server, arrive } = world();
  const edge = arrive();
  clock.nowMs += 200;
  pool.ended(server("a"), "connect_failure", 1);
  clock.nowMs += 50;
  const picks = [1, 2].map(() => {
    const pick = new Picker(
      edge,
      { pool } as never,
      activePool,
      () => clock.nowMs,
      NOWHERE,
      () => false,
    ).next();
    return pick instanceof Promise ? "asks" : pick?.server.id;
  });
  expect(picks).toEqual(["b", "b"]);
});

it("a request that waits for a token counts once as demand", async () => {
  const { clock, pool, activePool, arrive } = world({ rate_limit: 10 });
  const tokens = {
    request: async () => {
      clock.nowMs += 1_000;
      const none = { lease: 1, share: 0, valid_ms: 0, tokens: 0, token_ms: 0, wait_ms: 0 };
      pool.rates.apply({ a: none, b: { ...none, tokens: 1, token_ms: 100 } }, clock.nowMs, clock.nowMs);
      return "waited";
    },
  };
  const now = () => clock.nowMs;
  const picker = new Picker(arrive(), { pool, tokens } as never, activePool, now, NOWHERE, () => false);
  const pick = await picker.next();
  pick?.take();
  expect(pick?.server.id).toBe("b");
  const { a, b } = pool.rates.reports(clock.nowMs);
  // One request in the shortest time that a rate is computed over.
  expect([a?.demand, b?.demand]).toEqual([0, 2]);
});

it("of two requests that found the same token one takes it, and the other must look again", async () => {
  const { clock, pool, activePool, arrive } = world({ rate_limit: 10 });
  const now = () => clock.nowMs;
  let grants = 0;
  const tokens = {
    request: async () => {
      const none = { lease: 1, share: 0, valid_ms: 0, tokens: 0, token_ms: 0, wait_ms: 0 };
      if (grants++ === 0)
        pool.rates.apply({ a: none, b: { ...none, tokens: 1, token_ms: 100 } }, now(), now());
      return grants > 2 ? "useless" : "waited";
    },
  };
  const [first, second] = [1, 2].map(() => {
    return new Picker(arrive(), { pool, tokens } as never, activePool, now, NOWHERE, () => false);
  });
  const picks = await Promise.all([first?.next(), second?.next()]);
  expect(picks.map((pick) => pick?.server.id)).toEqual(["b", "b"]);
  expect(picks.map((pick) => pick?.take())).toEqual([true, false]);
  expect(await second?.next()).toBeNull();
});

it("a token that has expired between the look at it and the sending is not taken", async () => {
  const { clock, pool, activePool, arrive } = world({ rate_limit: 10 });
  const now = () => clock.nowMs;
  const none = { lease: 1, share: 0, valid_ms: 0, tokens: 0, token_ms: 0, wait_ms: 0 };
  pool.rates.apply({ a: { ...none, tokens: 2, token_ms: 100 }, b: none }, now(), now());
  const pick = new Picker(arrive(), { pool } as never, activePool, now, NOWHERE, () => false).next();
  clock.nowMs += 100;
  expect(pick instanceof Promise ? null : pick?.take()).toBe(false);
});

it("a session that begins with a slow upload lasts as long as any other", () => {
  const { clock, activePool, server, arrive } = world({ sticky: { ttl: TTL_S } });
  const cookies = activePool.cookies ?? expect.fail("sessions are kept by cookie");
  const edge = arrive();
  clock.nowMs += 2 * TTL_S * 1_000;
  cookies.pin(edge);
  const [cookie = ""] = (cookies.setCookie(edge, server("b")) ?? "").split(";");
  clock.nowMs += (TTL_S - 1) * 1_000;
  expect(cookies.getServer(arrive(cookie))?.id).toBe("b");
});
