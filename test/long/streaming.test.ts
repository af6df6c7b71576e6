/** A body that would not fit into the runtime's memory many times over. */
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { fetchRaw, open } from "../system/support/client.ts";
import { growthMb, MAX_GROWTH_MB } from "../system/support/memory.ts";
import { type Origin, startOrigin } from "../system/support/origins.ts";

const MB = 1_000_000;

let origin: Origin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await startOrigin("a");
  balancer = await startBalancer({ config: { pools: { web: { origins: [origin.config()] } } } });
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.kill();
});

test("1 GB streams through in flat memory", async () => {
  await fetchRaw(balancer.url, "/");
  const growth = await growthMb(balancer, async () => {
    const { response } = await open(balancer.url, `/bytes/${1_000 * MB}`);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(response, "end");
    expect(bytes).toBe(1_000 * MB);
  });
  expect(growth).toBeLessThan(MAX_GROWTH_MB);
});
