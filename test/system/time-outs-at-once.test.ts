/**
 * Time-outs of requests that come close together: each ends on its own, also when other clients have left meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, BareOrigin, head, silent, takesAll } from "./support/bare-ends.ts";
import { nothingOpen } from "./support/nothing-open.ts";

const CLIENTS = 30;
const TIMED_OUT = [504, "origin_timeout"];

let origin: BareOrigin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await BareOrigin.start(takesAll);
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      pools: {
        web: {
          origins: [{ id: "a", url: origin.url }],
          // Long enough for the bodies that arrive whole, also on a busy machine.
          failover: { attempt_timeout: 4, max_attempts: 1 },
          outlier_detection: null,
        },
      },
    },
  });
});

afterEach(async () => {
  origin.answer = takesAll;
  await nothingOpen(balancer, ["web"], [origin]);
});

afterAll(async () => {
  await balancer?.stop();
  origin?.stop();
});

const get = () => BareClient.send(balancer.url, head("GET /"));
const post = (sent: string) => BareClient.send(balancer.url, head("POST /", "content-length: 100") + sent);
const many = <T>(count: number, one: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => one(index)));

test("an origin that never answers times out for each of many simultaneous requests", async () => {
  origin.answer = silent;
  const clients = await many(CLIENTS, get);
  expect(await many(CLIENTS, async (i) => clients[i]?.problem())).toEqual(Array(CLIENTS).fill(TIMED_OUT));
});

test("clients that leave, even the first one, do not end the time-outs of others", async () => {
  origin.answer = silent;
  const clients: BareClient[] = [];
  for (let i = 0; i < CLIENTS; i++) clients.push(await get());
  await sleep(50);
  for (const client of clients.filter((_, i) => i % 3 === 0)) client.reset();
  const stayed = clients.filter((_, i) => i % 3 !== 0);
  expect(await many(stayed.length, async (i) => stayed[i]?.problem())).toEqual(
    Array(stayed.length).fill(TIMED_OUT),
  );
});

test("each body that pauses ends its own request, while others arrive", async () => {
  const whole = "x".repeat(100);
  const clients = await many(CLIENTS, (i) => post(i % 2 === 0 ? whole.slice(1) : whole));
  const statuses = await many(CLIENTS, async (i) => clients[i]?.status());
  expect(statuses).toEqual(statuses.map((_, i) => (i % 2 === 0 ? 408 : 200)));
});
