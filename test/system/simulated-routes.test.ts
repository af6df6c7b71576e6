/** A client of the simulation goes to the pool that it goes to at the real Worker, with the same configuration. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatedRoutes, simulatedRoutes, type Written } from "../support/simulated-routes.ts";
import { ADMIN_TOKEN, poolState } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import type { Origin } from "./support/origins.ts";
import { from, poolOf } from "./support/steered-clients.ts";
import { POOLS, type Pool, startSteeredOrigins, steeredConfig } from "./support/steered-pools.ts";

/** Of each route. */
const COMPARED = 60;

let origins: Record<Pool, Origin[]>;
let spare: Origin;
let balancer: Balancer;
let config: Written;

beforeAll(async () => {
  ({ origins, spare } = await startSteeredOrigins());
  const { routes, pools } = steeredConfig(origins, spare) as Written;
  // So that there is something to draw.
  config = { routes, pools: { ...pools, eu: { ...pools.eu, shed_percent: 40 } } };
  balancer = await startBalancer({ adminToken: ADMIN_TOKEN, config });
});

afterAll(async () => {
  const all = [...Object.values(origins ?? {}).flat(), spare];
  if (balancer !== undefined) await nothingOpen(balancer, [...POOLS, "spare"], all);
  await balancer?.stop();
  await Promise.all(all.map((origin) => origin?.kill()));
});

/** Its pool at the real Worker. */
async function realPool({ options }: SimulatedRoutes, host: string, index: number, place: number) {
  // The simulation numbers its clients' addresses from 10.0.0.0 on, as `from` does from 10.1.0.0.
  const [address = ""] = Object.values(from(index));
  const headers = { host, "cf-connecting-ip": address.replace("10.1.", "10.0.") };
  return poolOf(await fetchRaw(balancer.url, "/", { headers, cf: options.from[place]?.cf }));
}

test("clients of twelve cities go to the same pools, route by route", async () => {
  const simulated = await simulatedRoutes(config, "--rps 300 --seconds 5 --clients 500");
  expect(simulated.results.routes.flatMap(({ answers }) => answers.origin_failed)).toEqual([0, 0, 0, 0]);
  const status = async (pool: Pool) => (await poolState(balancer.url, pool)).status;
  await eventually("all pools tell of themselves", async () => {
    const told = await Promise.all(POOLS.map(status));
    return told.every((each) => each?.available === true) && told[1]?.accept === 0.6;
  });
  await eventually("the isolate has heard of it", async () => {
    const pools = await Promise.all(
      Array.from({ length: 20 }, (_, index) => realPool(simulated, "listed.test", index, 0)),
    );
    return pools.includes("us");
  });
  for (const { config: route, trails } of simulated.world.recorder.routes) {
    const clients = [...trails.byClient].filter((_, order) => order % 5 === 0).slice(0, COMPARED);
    expect(clients.length).toBe(COMPARED);
    const compared = clients.map(async ([index, { place, stays }]) => {
      const pool = await realPool(simulated, route.host ?? "", index, place);
      return [index, pool, stays.map((stay) => stay.pool).join(" ")];
    });
    for (const [index, real, simulatedPools] of await Promise.all(compared)) {
      expect(simulatedPools, `${route.host}, client ${index}`).toBe(real);
    }
  }
});
