import { describe, expect, it } from "vitest";
import { type CompiledRoute, compileRoutes } from "../../../src/config/routing.ts";
import { askedNothing } from "../../support/where-request.ts";
import { drawnPool } from "./drawn-pool.ts";
import { routes } from "./parsed-routes.ts";

describe("a split", () => {
  const CLIENTS = Array.from({ length: 20_000 }, (_, i) => `198.51.${i >> 8}.${i & 255}`);

  function compiled(...split: [pool: string, weight: number][]): CompiledRoute {
    const document = { host: "a.com", split: split.map(([pool, weight]) => ({ pool, weight })) };
    const route = compileRoutes(routes(document)).match("a.com", "/", askedNothing);
    if (route === null) throw new Error("the route matches its own host");
    return route;
  }

  const share = (route: CompiledRoute, pool: string) =>
    CLIENTS.filter((client) => drawnPool(route, client) === pool).length / CLIENTS.length;

  // Each client is a draw with probability p: the share's standard deviation is sqrt(p (1 - p) / n), at most 0.0036
  // for n = 20,000. The bounds are five of them.
  const near = (p: number) => ({
    low: p - 5 * Math.sqrt((p * (1 - p)) / 20_000),
    high: p + 5 * Math.sqrt((p * (1 - p)) / 20_000),
  });

  it.each([
    [95, 5],
    [50, 50],
    [1, 3],
    [0.1, 0.9],
  ])("of %d to %d shares the clients in this proportion", (a, b) => {
    const { low, high } = near(b / (a + b));
    const canary = share(compiled(["web", a], ["canary", b]), "canary");
    expect(canary).toBeGreaterThan(low);
    expect(canary).toBeLessThan(high);
  });

  it("sends a client to the same pool each time", () => {
    const first = compiled(["web", 50], ["canary", 50]);
    const again = compiled(["web", 50], ["canary", 50]);
    for (const client of CLIENTS.slice(0, 100)) {
      expect(drawnPool(first, client)).toBe(drawnPool(first, client));
      expect(drawnPool(again, client)).toBe(drawnPool(first, client));
    }
  });

  it("from 95/5 to 90/10 moves 5% of the clients, all to the canary", () => {
    const before = compiled(["web", 95], ["canary", 5]);
    const after = compiled(["web", 90], ["canary", 10]);
    const moved = CLIENTS.filter((client) => drawnPool(before, client) !== drawnPool(after, client));
    const { low, high } = near(0.05);
    expect(moved.length / CLIENTS.length).toBeGreaterThan(low);
    expect(moved.length / CLIENTS.length).toBeLessThan(high);
    expect(new Set(moved.map((client) => drawnPool(after, client)))).toEqual(new Set(["canary"]));
  });

  it("never sends to a pool of weight 0, wherever it is in the list", () => {
    for (const split of [
      compiled(["off", 0], ["web", 1]),
      compiled(["web", 1], ["off", 0]),
      compiled(["web", 1], ["off", 0], ["more", 1]),
    ]) {
      expect(share(split, "off")).toBe(0);
    }
  });

  it("does not move clients when a route is put in front of it", () => {
    const split = {
      host: "a.com",
      split: [
        { pool: "x", weight: 1 },
        { pool: "y", weight: 1 },
      ],
    };
    const alone = compileRoutes(routes(split)).match("a.com", "/", askedNothing);
    const second = compileRoutes(routes({ host: "b.com", pool: "x" }, split)).match(
      "a.com",
      "/",
      askedNothing,
    );
    expect(second?.index).toBe(1);
    expect({ ...second, index: 0 }).toEqual(alone);
  });

  it("is independent of the split of another route", () => {
    const split = [
      { pool: "x", weight: 1 },
      { pool: "y", weight: 1 },
    ];
    const table = compileRoutes(routes({ host: "a.com", split }, { host: "b.com", split }));
    const [a, b] = [table.match("a.com", "/", askedNothing), table.match("b.com", "/", askedNothing)];
    if (a === null || b === null) throw new Error("both routes match their own hosts");
    const same =
      CLIENTS.filter((client) => drawnPool(a, client) === drawnPool(b, client)).length / CLIENTS.length;
    const { low, high } = near(0.5);
    expect(same).toBeGreaterThan(low);
    expect(same).toBeLessThan(high);
  });
});
