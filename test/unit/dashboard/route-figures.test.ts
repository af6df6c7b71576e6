import { describe, expect, it } from "vitest";
import { type Route, routeRows } from "../../../src/admin/dashboard/lib/route-figures.ts";
import { parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes } from "../../../src/config/routing.ts";
import { asking } from "../../support/where-request.ts";
import { clientFigures } from "./live-fixtures.ts";

const NO_ANSWERS = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0, other: 0 };

function figures(...routes: [key: string, requests: number, failed: number][]) {
  const keyed = routes.map(([key, requests, failed]) => ({ key, requests, failed, answers: NO_ANSWERS }));
  return clientFigures(0, 0, { routes: keyed });
}

/** Pools that are there and tell nothing of themselves. */
const SILENT = { statuses: { web: null, canary: null, eu: null, us: null }, nowMs: 0 };

describe("a route", () => {
  const split = [
    { pool: "web", weight: 95 },
    { pool: "canary", weight: 5 },
  ];

  it("has the real share of each pool of its split beside the configured one", () => {
    const stats = {
      window_s: 300,
      clients: figures(["*/*", 100, 7]),
      pools: { web: figures(["*/*", 90, 7]), canary: figures(["*/*", 10, 0]), static: null },
      unrouted: null,
    };
    const [row] = routeRows([{ split, fallback_pool: "static" }], stats, SILENT);
    expect(row).toEqual({
      host: "*",
      path: "/*",
      conditions: "",
      answer: null,
      tools: [],
      pools: [
        { pool: "web", expected: 0.95, real: 0.9, note: null },
        { pool: "canary", expected: 0.05, real: 0.1, note: null },
      ],
      order: "",
      fallback: "static",
      hits: 100,
      failed: 7,
    });
  });

  it("over several pools has the rule of their order, and the requests of each", () => {
    const stats = {
      window_s: 300,
      clients: figures(["*/*", 100, 0]),
      pools: { eu: figures(["*/*", 75, 0]), us: figures(["*/*", 25, 0]) },
      unrouted: null,
    };
    const [row] = routeRows([{ pools: ["eu", "us"], steer: "proximity" }], stats, SILENT);
    expect(row?.order).toBe("the nearest that is available");
    expect(row?.pools).toEqual([
      { pool: "eu", expected: null, real: 0.75, note: null },
      { pool: "us", expected: null, real: 0.25, note: null },
    ]);
  });

  describe.each<[kind: string, route: Route, shares: Record<string, (number | null)[]>]>([
    ["in order", { pools: ["eu", "us"] }, { good: [1, 0], half: [0.7, 0.3], gone: [0, 1], none: [0, 0] }],
    [
      "that do not spill",
      { pools: ["eu", "us"], spill: "off" },
      { good: [1, 0], half: [1, 0], gone: [0, 1], none: [0, 0] },
    ],
    [
      "by weights",
      {
        split: [
          { pool: "eu", weight: 3 },
          { pool: "us", weight: 1 },
        ],
      },
      { good: [0.75, 0.25], half: [0.75, 0.25], gone: [0, 1], none: [0, 0] },
    ],
    ["by proximity", { pools: ["eu", "us"], steer: "proximity" }, {}],
  ])("over pools %s", (_, route, shares) => {
    const good = { mark: 1, available: true, share: 1, accept: 1 };
    const half = { ...good, share: 0.5, reason: "1 of 2 origins" };
    const gone = { ...good, available: false };

    it.each([
      ["good", good, good, null],
      ["half", half, good, "spilling 30% of its clients: 1 of 2 origins"],
      ["gone", gone, good, "unavailable"],
      ["none", { ...gone, returns_at: 12_000 }, gone, "returning in 2 s"],
    ])("has the shares that their statuses give: %s", (name, eu, us, note) => {
      const [row] = routeRows([route], null, { statuses: { eu, us }, nowMs: 10_000 });
      const expected = row?.pools.map((each) => each.expected && Number(each.expected.toFixed(6)));
      expect(expected).toEqual(shares[name] ?? [null, null]);
      expect(row?.pools[0]?.note).toBe(note);
    });
  });

  it.each<[kind: string, route: Route, shares: (number | null)[]]>([
    ["in order", { pools: ["gone", "web"] }, [0, 1]],
    ["by weights", { split: ["gone", "web"].map((pool) => ({ pool, weight: 1 })) }, [0, 1]],
    ["by proximity", { pools: ["gone", "web"], steer: "proximity" }, [null, null]],
  ])("over pools %s passes over one that was removed", (_, route, shares) => {
    const [row] = routeRows([route], null, SILENT);
    expect(row?.pools).toMatchObject([
      { expected: shares[0], note: "unavailable: it has no usable configuration" },
      { expected: shares[1], note: null },
    ]);
  });

  it("has no shares and no notes before anything is known of the pools", () => {
    for (const route of [{ pools: ["eu", "us"] }, { split }, { pool: "web" }]) {
      const [row] = routeRows([route], null, null);
      for (const each of row?.pools ?? []) expect(each).toMatchObject({ expected: null, note: null });
    }
  });

  it("without requests has no real share, and neither has one hidden by another of the same host and path", () => {
    const stats = {
      window_s: 300,
      clients: figures(["a.example/x", 5, 0]),
      pools: { web: figures(["a.example/x", 5, 0]) },
      unrouted: null,
    };
    const twice = { host: "a.example", path: "/x", pool: "web" };
    const rows = routeRows([twice, twice, { pool: "constructor" }], stats, SILENT);
    expect(rows.map(({ hits }) => hits)).toEqual([5, null, 0]);
    expect(rows.map(({ pools }) => pools[0]?.real)).toEqual([1, null, null]);
    expect(routeRows([{ split }], null, SILENT)[0]?.pools.map(({ real }) => real)).toEqual([null, null]);
  });

  it.each([
    { host: "*.Example.com", path: "/v1/*", pool: "web" },
    { pool: "web", where: { countries: ["DE", "AT"], headers: { "x-b": "1", "x-a": ["*"] }, eu: true } },
  ])("is found by the label under which it is counted: %j", (route) => {
    const parsed = parseRoutes([route]);
    if (!parsed.ok) throw new Error("the route is not valid");
    const cf = { country: "DE", isEUCountry: "1" };
    const asked = asking({ cf, headers: { "x-a": "2", "x-b": "1" } });
    const label = compileRoutes(parsed.value).match("x.example.com", "/v1/y", asked)?.label ?? "";
    const stats = { window_s: 300, clients: figures([label, 3, 0]), pools: {}, unrouted: null };
    expect(routeRows([route], stats, SILENT)[0]?.hits).toBe(3);
  });

  it("has its conditions in words, to distinguish it from others of its host and path", () => {
    const where = { countries: ["DE", "AT"], cookies: { canary: "1" } };
    const rows = routeRows([{ where, pool: "web" }, { pool: "web" }], null, SILENT);
    expect(rows.map(({ conditions }) => conditions)).toEqual(["cookies canary; countries DE,AT", ""]);
    expect(rows.map(({ hits }) => hits)).toEqual([0, 0]);
  });
});
