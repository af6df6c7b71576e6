import { afterAll, beforeAll, expect, test } from "vitest";
import { FIRST_SYNC_WAIT_MS } from "../../src/edge/sync/sync-state.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, oneConnection } from "./support/client.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("a", "b", "c");
  const weights = [5, 1, 1];
  balancer = await startBalancer({
    config: {
      routes: [{ host: "weighted.test", pool: "weighted" }, { pool: "plain" }],
      pools: {
        plain: { origins: origins.map((origin) => origin.config()) },
        weighted: {
          algorithm: "weighted_round_robin",
          origins: origins.map((origin, index) => origin.config({ weight: weights[index] })),
        },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

interface Sequence {
  names: string;
  /** The first request waited for the object no longer than it may, so all of them had its positions. */
  isWhole: boolean;
}

async function originsOf(count: number, host: string): Promise<Sequence> {
  const agent = oneConnection();
  const names: string[] = [];
  let firstMs = 0;
  for (let sent = 0; sent < count; sent++) {
    const startedMs = performance.now();
    const reply = await fetchRaw(balancer.url, "/", { headers: { host }, agent });
    if (sent === 0) firstMs = performance.now() - startedMs;
    expect(reply.status).toBe(200);
    names.push(reply.headers["x-origin"] ?? "?");
  }
  agent.destroy();
  return { names: names.join(""), isWhole: firstMs < FIRST_SYNC_WAIT_MS };
}

/**
 * Asserts that a pool's requests went to the origins in turn, from the turn's beginning on. Only if its object was too slow
 * for the first ones, on a busy machine, may there be others before: in turn too, from anywhere.
 */
function expectTurns({ names, isWhole }: Sequence, turn: string): void {
  const endless = turn.repeat(names.length);
  const isInTurn = (before: number): boolean =>
    endless.startsWith(names.slice(before)) &&
    [...turn].some((_, from) => endless.startsWith(names.slice(0, before), from));
  const before = [...names].findIndex((_, index) => isInTurn(index));
  expect(before, names).toBeGreaterThanOrEqual(0);
  if (isWhole) expect(before, names).toBe(0);
}

test("300 sequential requests over three origins: 100 each, in order, from the first on", async () => {
  const sequence = await originsOf(300, "plain.test");
  expectTurns(sequence, "abc");
  for (const origin of origins)
    expect(await origin.hits()).toHaveLength(sequence.names.split(origin.name).length - 1);
});

test("weights 5, 1, 1 give the smooth sequence, again and again", async () => {
  expectTurns(await originsOf(70, "weighted.test"), "aabacaa");
});

test("1,000 sequential requests open a handful of connections to an origin at most", async () => {
  for (const origin of origins) await origin.forget();
  await originsOf(1_000, "plain.test");
  for (const origin of origins) {
    const connections = new Set((await origin.hits()).map((hit) => hit.connection));
    expect(connections.size).toBeLessThanOrEqual(5);
  }
});
