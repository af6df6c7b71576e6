/**
 * Balancers in a row, and one that is its own origin.
 */
import { afterEach, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { type Origin, startOrigin } from "./support/origins.ts";

let running: (Balancer | Origin)[] = [];

afterEach(async () => {
  await Promise.all(running.map((each) => each.kill()));
  running = [];
});

/** An origin behind two balancers. */
async function inARow(vars: Record<string, string>): Promise<{ front: Balancer; origin: Origin }> {
  const origin = await startOrigin("a");
  const inFrontOf = (id: string, url: string) =>
    startBalancer({ config: { pools: { web: { origins: [{ id, url }] } } }, vars });
  const back = await inFrontOf("a", origin.url);
  const front = await inFrontOf("back", back.url);
  running = [front, back, origin];
  return { front, origin };
}

test("two balancers in a row serve, and both stand in the header that finds loops", async () => {
  const { front, origin } = await inARow({});
  expect((await fetchRaw(front.url, "/x")).status).toBe(200);
  const via = String((await origin.hits())[0]?.headers["x-lb-via"]);
  expect(new Set(via.split(", ")).size).toBe(2);
});

test("two of one LB_NAME are one balancer, and refuse each other as a loop", async () => {
  const { front, origin } = await inARow({ LB_NAME: "the-same" });
  const reply = await fetchRaw(front.url, "/x");
  expect([reply.status, json(reply)]).toEqual([508, expect.objectContaining({ type: "loop" })]);
  expect(await origin.hits()).toHaveLength(0);
});
