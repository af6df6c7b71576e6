/**
 * Balancers in a row, and two in a row that are one.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, json } from "./support/client.ts";
import { type Origin, startOrigin } from "./support/origins.ts";

const NAME = "the-same";

let origin: Origin;
let back: Balancer;
let front: Balancer | undefined;

beforeAll(async () => {
  origin = await startOrigin("a");
  back = await inFrontOf(origin.url, { LB_NAME: NAME });
});

afterEach(async () => {
  await front?.kill();
  front = undefined;
  await origin.forget();
});

afterAll(async () => {
  await back?.kill();
  await origin?.kill();
});

const inFrontOf = (url: string, vars: Record<string, string>) =>
  startBalancer({ config: { pools: { web: { origins: [{ id: "a", url }] } } }, vars });

test("two balancers in a row serve, and both stand in the header that finds loops", async () => {
  front = await inFrontOf(back.url, {});
  expect((await fetchRaw(front.url, "/x")).status).toBe(200);
  const via = String((await origin.hits())[0]?.headers["x-lb-via"]);
  expect(new Set(via.split(", ")).size).toBe(2);
});

test("two of one LB_NAME are one balancer, and refuse each other as a loop", async () => {
  front = await inFrontOf(back.url, { LB_NAME: NAME });
  const reply = await fetchRaw(front.url, "/x");
  expect([reply.status, json(reply)]).toEqual([508, expect.objectContaining({ type: "loop" })]);
  expect(await origin.hits()).toHaveLength(0);
});
