/**
 * What pools tell each other of themselves, by way of three objects and the isolate: a pool whose origins are gone is
 * left, and found again by an isolate that has nothing to do with it any more.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { poolsHere } from "../support/pools-command.ts";
import { ADMIN_TOKEN, admin, poolState } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, type Reply } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PROBE_TIMEOUT_S } from "./support/patience.ts";

const CHECK = {
  ...{ path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S },
  ...{ unhealthy_threshold: 1, healthy_threshold: 1 },
};

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("eu-1", "eu-2", "us-1");
  const [first, second, third] = origins.map((origin) => origin.config());
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [{ pools: ["eu", "us"] }],
      pools: {
        eu: { origins: [first, second], minimum_origins: 2, return_delay: 1, health_check: CHECK },
        us: { origins: [third] },
        alone: { origins: [third] },
      },
    },
  });
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, ["eu", "us"], origins);
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

let client = 0;

/** A client that was never here before. */
function visit(): Promise<Reply> {
  client++;
  const address = `10.7.${client >> 8}.${client & 255}`;
  return fetchRaw(balancer.url, "/", { headers: { "cf-connecting-ip": address } });
}

/** The pool that answers. */
async function serving(): Promise<string> {
  const reply = await visit();
  expect(reply.status, reply.body.toString()).toBe(200);
  return (reply.headers["x-origin"] ?? "").slice(0, 2);
}

/** Requests of clients that arrived at a pool's origins; its checks are not. */
async function visitsTo(pool: string): Promise<number> {
  const hits = await Promise.all(
    origins.filter(({ name }) => name.startsWith(pool)).map((origin) => origin.hits()),
  );
  return hits.flat().filter(({ url }) => url === "/").length;
}

async function status(pool: string) {
  return (await poolState(balancer.url, pool)).status ?? null;
}

describe("a pool of a route with several", () => {
  test("is left with too few origins, not asked meanwhile, and found again when it is back", async () => {
    await eventually("the pool's status", async () => (await status("eu"))?.available);
    expect(await serving()).toBe("eu");
    // One of two is gone: the other works, and there are not as many as the pool must have.
    await origins[0]?.close();
    await eventually("the isolate to hear that eu is not available", async () => (await serving()) === "us");
    expect(await status("eu")).toMatchObject({ available: false, reason: "1 of 2 origins, 2 needed" });
    const before = await visitsTo("eu");
    for (let request = 0; request < 20; request++) expect(await serving()).toBe("us");
    expect(await visitsTo("eu"), "nobody of the route is sent there").toBe(before);
    await origins[0]?.reopen();
    // With nothing to do at eu the isolate does not call its object: it hears of eu by us.
    await eventually("the isolate to hear that eu is back", async () => (await serving()) === "eu");
    const { events } = (await admin(balancer.url, "/pools/eu/events")) as { events: { kind: string }[] };
    const told = events.map(({ kind }) => kind).filter((kind) => kind.startsWith("pool_"));
    expect(told.reverse()).toEqual(["pool_unavailable", "pool_returning", "pool_available"]);
  });

  test("sheds its clients when an operator says so, and takes them back", async () => {
    const env = { LB_URL: balancer.url, LB_ADMIN_TOKEN: ADMIN_TOKEN };
    const shed = await poolsHere(["shed", "eu", "100", "-m", "an incident"], env);
    expect([shed.code, shed.stdout]).toEqual([0, expect.stringContaining("eu sends 100% of its clients")]);
    await eventually("the isolate to hear of it", async () => (await serving()) === "us");
    const table = await poolsHere(["status"], env);
    expect(table.stdout).toContain("spilling 100% of its clients: shed 100%");
    const again = await poolsHere(["shed", "eu", "0"], env);
    expect(again.code).toBe(0);
    await eventually("the isolate to hear of that", async () => (await serving()) === "eu");
    const wrong = await poolsHere(["shed", "eu", "101"], env);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('"101" is no percentage')]);
    const alone = await poolsHere(["shed", "alone", "20"], env);
    expect(alone).toEqual({
      code: 1,
      stdout: "alone sends nobody elsewhere, because no route has it among several pools (version 2)\n",
      stderr: "",
    });
  });
});
