import { afterAll, beforeAll, expect, test } from "vitest";
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

async function originsOf(count: number, host: string): Promise<string> {
  const agent = oneConnection();
  const names: string[] = [];
  for (let sent = 0; sent < count; sent++) {
    const reply = await fetchRaw(balancer.url, "/", { headers: { host }, agent });
    expect(reply.status).toBe(200);
    names.push(reply.headers["x-origin"] ?? "?");
  }
  agent.destroy();
  return names.join("");
}

test("300 sequential requests over three origins: 100 each, in order, from the first on", async () => {
  expect(await originsOf(300, "plain.test")).toBe("abc".repeat(100));
  for (const origin of origins) expect(await origin.hits()).toHaveLength(100);
});

test("weights 5, 1, 1 give the smooth sequence, again and again", async () => {
  expect(await originsOf(70, "weighted.test")).toBe("aabacaa".repeat(10));
});

test("1,000 sequential requests open a handful of connections to an origin at most", async () => {
  for (const origin of origins) await origin.forget();
  await originsOf(1_000, "plain.test");
  for (const origin of origins) {
    const connections = new Set((await origin.hits()).map((hit) => hit.connection));
    expect(connections.size).toBeLessThanOrEqual(5);
  }
});
