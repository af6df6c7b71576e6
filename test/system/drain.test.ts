/**
 * An origin leaves while it is in use: nothing new goes there, what is open finishes, and the balancer says when.
 */
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, open } from "./support/client.ts";
import { loggedEvents } from "./support/events.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";

const DOWNLOAD_BYTES = 30_000_000;

let origins: Origin[] = [];
let balancer: Balancer;

afterEach(async () => {
  await balancer?.stop();
  await Promise.all(origins.map((origin) => origin.kill()));
});

test("an origin taken out of the configuration is drained before it goes, without an error for anyone", async () => {
  origins = await startOrigins("a", "b");
  const [a, b] = origins;
  if (a === undefined || b === undefined) throw new Error("there are two");
  balancer = await startBalancer({ config: { pools: { web: { origins: [a.config(), b.config()] } } } });

  const downloads = await Promise.all([1, 2, 3, 4].map(() => open(balancer.url, `/bytes/${DOWNLOAD_BYTES}`)));
  const fromB = downloads.filter(({ response }) => response.headers["x-origin"] === "b");
  expect(fromB.length, "downloads that b serves").toBeGreaterThan(0);

  balancer.writeConfig({ pools: { web: { origins: [a.config()] } } });
  await eventually("the drain begins", async () => {
    await fetchRaw(balancer.url, "/");
    return loggedEvents(balancer, "drain_started").length > 0;
  });
  await eventually("nothing new reaches b", async () => {
    await b.forget();
    for (let i = 0; i < 10; i++) expect((await fetchRaw(balancer.url, "/")).status).toBe(200);
    return (await b.hits()).length === 0;
  });
  expect(loggedEvents(balancer, "drained"), "while a download is open").toEqual([]);

  const sizes = downloads.map(async ({ response }) => {
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(response, "end");
    return bytes;
  });
  expect(await Promise.all(sizes)).toEqual(downloads.map(() => DOWNLOAD_BYTES));
  await eventually("b is drained", () => loggedEvents(balancer, "drained").length > 0);
  expect(
    loggedEvents(balancer, "drain_started", "drained", "removed").map(({ event, origin }) => [event, origin]),
  ).toEqual([
    ["drain_started", "b"],
    ["drained", "b"],
    ["removed", "b"],
  ]);
  expect(loggedEvents(balancer, "drained")[0]?.detail).toBe("nothing left");
});
