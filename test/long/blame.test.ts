/**
 * Requests that once took healthy origins out: plain GETs with a length of 0, and similar ones.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawClient, type RawRequest } from "../support/wire/raw-connection.ts";
import { ScriptedOrigin } from "../system/bytes/support/scripted-origin.ts";
import { ADMIN_TOKEN, poolStats } from "../system/support/admin.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { eventually } from "../system/support/eventually.ts";

const EACH = 1_000;

let origins: ScriptedOrigin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = [await ScriptedOrigin.start(), await ScriptedOrigin.start()];
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      pools: {
        web: {
          origins: origins.map(({ url }, index) => ({ id: `o${index}`, url })),
          outlier_detection: {},
        },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.stop()));
});

const ODD: readonly (RawRequest & { what: string })[] = [
  { what: "GET with a length of 0", method: "GET", target: "/", framing: "length" },
  { what: "HEAD with a length of 0", method: "HEAD", target: "/", framing: "length" },
  { what: "GET with a body", method: "GET", target: "/", body: Buffer.from("unexpected") },
  { what: "OPTIONS with a length of 0", method: "OPTIONS", target: "/", framing: "length" },
];

test.each(ODD)(`${EACH} requests: $what: all answered, no origin out`, async ({ what: _, ...request }) => {
  const client = new RawClient(balancer.url);
  const before = (await poolStats(balancer.url, "web")).requests;
  const statuses = new Map<number, number>();
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent++ < EACH) {
      const { status } = await client.exchange(request);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  client.close();
  expect([...statuses]).toEqual([[200, EACH]]);
  await eventually("all of them to be reported", async () => {
    return (await poolStats(balancer.url, "web")).requests === before + EACH;
  });
  const { errors, origins: each } = await poolStats(balancer.url, "web");
  expect([errors, Object.values(each).map(({ in_service }) => in_service)]).toEqual([0, [true, true]]);
});
