import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRoutes, explainSplit, passedRoutes } from "../../../src/config/routing.ts";
import { askedNothing } from "../../support/where-request.ts";
import { drawnPool } from "./drawn-pool.ts";
import { routes } from "./parsed-routes.ts";

describe("the account of how a route was found", () => {
  const table = routes(
    { host: "api.example.com", path: "/v1/*", pool: "a" },
    { host: "*.example.com", path: "/v2", pool: "b" },
    { path: "/v1/*", pool: "c" },
    { pool: "d" },
  );

  it("lists the routes before it, each with the first condition that the request does not meet", () => {
    expect(passedRoutes(table, "api.example.com:80", "/v1/x", askedNothing)).toEqual([]);
    expect(passedRoutes(table, "API.example.com", "/v10", askedNothing)).toEqual([
      { index: 0, label: "api.example.com/v1/*", by: "path" },
      { index: 1, label: "*.example.com/v2", by: "path" },
      { index: 2, label: "*/v1/*", by: "path" },
    ]);
    expect(passedRoutes(table, "other.test", "/v2", askedNothing).map(({ by }) => by)).toEqual([
      "host",
      "host",
      "path",
    ]);
  });

  it("agrees with the match for any request", () => {
    const hosts = fc.constantFrom("api.example.com", "x.example.com", "example.com", "other.test", "");
    const paths = fc.constantFrom("/", "/v1", "/v1/x", "/v10", "/v2", "/v2/", "/V2");
    const some = fc.subarray([...table]);
    fc.assert(
      fc.property(some, hosts, paths, (subset, host, path) => {
        const index = compileRoutes(subset).match(host, path, askedNothing)?.index ?? subset.length;
        expect(passedRoutes(subset, host, path, askedNothing).map((passed) => passed.index)).toEqual(
          subset.slice(0, index).map((_, at) => at),
        );
      }),
      { seed: 11 },
    );
  });

  it("has the split's shares, which agree with the choice for any client", () => {
    const split = [
      { pool: "none", weight: 0 },
      { pool: "web", weight: 7 },
      { pool: "canary", weight: 2 },
      { pool: "old", weight: 1 },
    ];
    const route = compileRoutes(routes({ split })).match("x", "/", askedNothing);
    if (route === null) throw new Error("no route");
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("")), (ip) => {
        const { point = -1, shares = [] } = explainSplit(route, ip) ?? {};
        const chosen = shares.filter(({ from, to }) => point >= from && point < to);
        expect(chosen.map(({ pool }) => pool)).toEqual([drawnPool(route, ip)]);
      }),
      { seed: 12 },
    );
    const shares = explainSplit(route, "")?.shares;
    expect(shares).toEqual([
      { pool: "web", from: 0, to: 70 },
      { pool: "canary", from: 70, to: 90 },
      { pool: "old", from: 90, to: 100 },
    ]);
    const single = compileRoutes(routes({ pool: "a" })).match("x", "/", askedNothing);
    expect(single && explainSplit(single, "192.0.2.1")).toBeNull();
  });
});
