/** How the simulation shares out clients among pools, beside the formula written down plainly. */
import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../../../sim/lib/results.ts";
import { keepsShares } from "../../../../sim/lib/routes/shares.ts";
import { steeringOf } from "../../../../src/admin/endpoints/steering-explanation.ts";
import { compileRoutes } from "../../../../src/config/routing.ts";
import { isSteered } from "../../../../src/config/steer.ts";
import { UNKNOWN_POOL_STATUS } from "../../../../src/contract/pool-status.ts";
import { clientPlace } from "../../../../src/core/steering/client-place.ts";
import { share } from "../../../support/full.ts";
import { simulatedRoutes, type Written } from "../../../support/simulated-routes.ts";
import { inSeconds, pool, threePools } from "./support.ts";

/** `h = min(1, 1.4 x share) x accept`; load = min(1 - before, h / min(1, sum of h)). */
function envoys(...pools: { share: number; accept?: number }[]): number[] {
  const h = pools.map(({ share, accept = 1 }) => Math.min(1, 1.4 * share) * accept);
  const norm = Math.min(1, h[0] === undefined ? 0 : h.reduce((a, b) => a + b));
  let before = 0;
  return h.map((each) => {
    const load = Math.min(1 - before, each / norm);
    before += load;
    return load;
  });
}

/** The first origin has so much of the weight, the other the rest, which fails in the run. */
const weighted = (id: string, healthy: number, more: object = {}) =>
  pool(id, {
    origins: [
      { id: "stays", url: "https://a.example.com", weight: healthy },
      { id: "fails", url: "https://b.example.com", weight: 100 - healthy },
    ],
    // However few are left: nothing but the shares is to decide.
    ...{ panic_threshold: 0, ...more },
  });

const listed = (first: object, second: object): Written => ({
  routes: [{ host: "listed.test", pools: ["eu", "us"] }],
  pools: { eu: first, us: second },
});

const SPILLS: [name: string, healthy: [number, number], events: string][] = [
  ["50%: 30% goes on", [50, 50], "--fail eu/fails@1"],
  ["25% in both: halves", [25, 25], "--fail eu/fails@1 --fail us/fails@1"],
  ["72% healthy: all stay", [72, 50], "--fail eu/fails@1"],
  ["71%: 1% goes on", [71, 50], "--fail eu/fails@1"],
  ["50% and 25%", [50, 25], "--fail eu/fails@1 --fail us/fails@1"],
];

describe("spill", () => {
  it.each(share(SPILLS, 2))("%s, as the formula says", async (_, [eu, us], events) => {
    const written = listed(weighted("eu", eu), weighted("us", us));
    const args = `--rps 400 --seconds 16 --clients 6000 --loss 0 --churn 0 ${events}`;
    const { results } = await simulatedRoutes(written, args);
    const counts = inSeconds(results, 0, 6, 16);
    const failsToo = events.includes("us/fails");
    const [first = 0] = envoys({ share: eu / 100 }, { share: failsToo ? us / 100 : 1 });
    const total = (counts.eu ?? 0) + (counts.us ?? 0);
    // Each client is drawn for itself, and each request is some client's.
    const sigma = Math.sqrt(first * (1 - first) * (1 / 6_000 + 1 / total));
    expect(total).toBeGreaterThan(3_500);
    expect(Math.abs((counts.eu ?? 0) / total - first)).toBeLessThanOrEqual(4 * sigma + 0.002);
    expect(results.routes[0]?.answers.origin_failed).toBe(0);
  });

  it("does not happen where the route says so", async () => {
    const written = listed(weighted("eu", 30), weighted("us", 50));
    const routes = [{ ...written.routes[0], spill: "off" }];
    const { results } = await simulatedRoutes({ ...written, routes }, "--seconds 12 --fail eu/fails@1");
    expect(inSeconds(results, 0, 4, 12).us).toBe(0);
  });

  it("of what an operator sheds goes on, though all is well", async () => {
    const written = listed(pool("eu"), pool("us"));
    const { results } = await simulatedRoutes(
      written,
      "--rps 300 --seconds 20 --clients 4000 --shed eu:30@4",
    );
    const { eu = 0, us = 0 } = inSeconds(results, 0, 7, 20);
    const [first = 0] = envoys({ share: 1, accept: 0.7 }, { share: 1 });
    expect(Math.abs(eu / (eu + us) - first)).toBeLessThan(0.04);
    expect(inSeconds(results, 0, 0, 4).us).toBe(0);
  });
});

describe("the pool of each client", () => {
  it.each([
    ["all is well", ""],
    ["a pool has half of its origins", "--fail eu/eu-1@1"],
    ["a pool is gone", "--fail eu@1"],
    ["a pool sheds a part", "--shed us:40@1"],
  ])("is the one that explain says: %s", async (_, events) => {
    const args = `--rps 300 --seconds 14 --clients 600 --loss 0 --churn 0 --latency 1-20 ${events}`;
    const { options, target, world } = await simulatedRoutes(threePools(), args.trim());
    const statuses = new Map(
      [...world.objects].map(([id, { status }]) => {
        return [id, { status: status ?? UNKNOWN_POOL_STATUS, sticky: null }];
      }),
    );
    let judged = 0;
    for (const { config, trails } of world.recorder.routes) {
      const route = compileRoutes(target.routes).match(config.host ?? "", "/", {
        get where(): never {
          throw new Error();
        },
      });
      if (route === null || !isSteered(route)) throw new Error("no route");
      for (const [index, { place, stays, lastMs }] of trails.byClient) {
        // Those that came when all isolates had heard of what happened.
        if (lastMs < 9_000) continue;
        judged++;
        const client = {
          ...{ ip: `10.0.${index >> 8}.${index & 255}`, cookie: null, nowMs: 0 },
          place: clientPlace(options.from[place]?.cf),
        };
        expect(stays.at(-1)?.pool, `${config.host}, client ${index}`).toBe(
          steeringOf(route, statuses, client).chosen,
        );
      }
    }
    expect(judged).toBeGreaterThan(800);
  });
});

describe("the promise of shares", () => {
  it("is kept up to four standard deviations of independent draws", () => {
    const share = (clients: number) => [{ pool: "eu", clients, expected: 500, variance: 250 }];
    expect([keepsShares(share(563)), keepsShares(share(564))]).toEqual([true, false]);
  });

  it("is exact where no draw decides", () => {
    const share = (clients: number) => [{ pool: "eu", clients, expected: 500, variance: 0 }];
    expect([keepsShares(share(500)), keepsShares(share(499))]).toEqual([true, false]);
  });

  it("is judged while no status changes, and ends in the exit code", async () => {
    const { results } = await simulatedRoutes(threePools(), "--rps 200 --seconds 6");
    expect(results.promises).toEqual({ limit: null, pace: true, shares: true, left: null });
    expect(exitCodeOf(results.promises)).toBe(0);
    expect(exitCodeOf({ ...results.promises, shares: false })).toBe(1);
    const failing = await simulatedRoutes(threePools(), "--rps 200 --seconds 6 --fail eu@2");
    expect(failing.results.promises.shares).toBeNull();
  });

  it("is not judged if a status changed while isolates came up, as where checks take longer than they may", async () => {
    const { results, world } = await simulatedRoutes(threePools(), "--rps 100 --seconds 6 --latency 900");
    const changes = world.recorder.events.filter(({ kind }) => kind === "pool_unavailable");
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.every(({ atMs }) => atMs < 0)).toBe(true);
    expect(results.promises.shares).toBeNull();
    expect(results.routes.every(({ pools }) => pools.every(({ clients }) => clients === null))).toBe(true);
  });
});
