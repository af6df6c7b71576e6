/**
 * `notify_url` hears of every change of health, even if it was not listening at first.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { startOrigins } from "./support/origins.ts";

test("a receiver that fails at first is told again, in order, while checks go on", async () => {
  const heard: { kind: string; origin: string; refused: boolean }[] = [];
  let refusals = 2;
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = await request.toArray();
    const { kind, origin, pool, at } = JSON.parse(Buffer.concat(chunks).toString());
    expect([request.method, pool, typeof at]).toEqual(["POST", "web", "number"]);
    const refused = refusals-- > 0;
    heard.push({ kind, origin, refused });
    response.writeHead(refused ? 503 : 204).end();
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const origins = await startOrigins("a", "b");
  const balancer = await startBalancer({
    config: {
      pools: {
        web: {
          origins: origins.map((origin) => origin.config()),
          health_check: {
            path: "/healthz",
            interval: 0.5,
            timeout: 0.4,
            unhealthy_threshold: 1,
            healthy_threshold: 1,
          },
          notify_url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
        },
      },
    },
  });
  const [a] = origins;
  await fetchRaw(balancer.url, "/");
  await a?.behave({ path: "/healthz", status: 500 });
  await eventually("the first try", () => heard.length > 0);
  await a?.behave();
  const taken = () => heard.filter(({ refused }) => !refused).map(({ kind, origin }) => `${origin} ${kind}`);
  await eventually("both are taken", () => taken().length === 2);
  expect(taken()).toEqual(["a unhealthy", "a healthy"]);
  expect(heard.filter(({ refused }) => refused).length).toBe(2);
  await balancer.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
  receiver.close();
});
