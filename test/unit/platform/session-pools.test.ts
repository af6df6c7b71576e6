import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../src/config/parse.ts";
import { compileRoutes } from "../../../src/config/routing.ts";
import type { StickyConfig } from "../../../src/config/schema.ts";
import { isSteered, type SteeredRoute } from "../../../src/config/steer.ts";
import { poolTag } from "../../../src/core/affinity/pool-tag.ts";
import { sessionPools } from "../../../src/platform/session-pools.ts";
import { askedNothing } from "../../support/where-request.ts";

const NOW_MS = 1_800_000_000_000;
const TOKEN = "nhmaY4hljlrsMhejDjfCFw";

function routeOf(document: Record<string, unknown>): SteeredRoute {
  const parsed = parseRoutes([document]);
  const route = compileRoutes(parsed.ok ? parsed.value : []).match("any", "/", askedNothing);
  if (route === null || !isSteered(route)) throw new Error("not steered");
  return route;
}

const ROUTE = routeOf({ pools: ["us", "eu", "ap"] });

function part(pool: string, ageS = 10): string {
  return `${TOKEN}.${(NOW_MS / 1_000 - ageS).toString(36)}.${poolTag(pool)}`;
}

interface Asked {
  route?: SteeredRoute;
  names?: string[];
  sticky?: Record<string, StickyConfig | null>;
}

/** The pools of the sessions in this Cookie header. */
function sessions(
  cookie: string | null,
  { route = ROUTE, names = ["__lb"], sticky = {} }: Asked = {},
): string[] {
  const positions = sessionPools(route, cookie, NOW_MS, names, (pool) => sticky[pool]);
  return positions.map((position) => route.steering.pools[position]?.pool ?? "");
}

describe("the pools that a client has sessions in", () => {
  it("are read from the tags in the cookie, in their order, before any pool is known", () => {
    expect(sessions(`a=b; __lb=${part("eu")}~${part("us")}`)).toEqual(["eu", "us"]);
    expect(sessions(null)).toEqual([]);
    expect(sessions("a=b")).toEqual([]);
  });

  it("are only those of the route, each once", () => {
    expect(sessions(`__lb=${part("elsewhere")}~${part("ap")}~${part("ap", 50)}`)).toEqual(["ap"]);
  });

  it("are not read from parts that are not ours", () => {
    const time = (NOW_MS / 1_000).toString(36);
    for (const value of [
      `${TOKEN}.${time}`,
      `${TOKEN}.${time}.abc`,
      `x.${time}.${poolTag("eu")}`,
      "",
      "~~~",
      `${TOKEN}..${poolTag("eu")}`,
    ]) {
      expect(sessions(`__lb=${value}`)).toEqual([]);
    }
  });

  it("are read under every cookie name of the pools", () => {
    const cookie = `other=${part("us")}; __lb=${part("eu")}`;
    expect(sessions(cookie, { names: ["__lb", "other"] })).toEqual(["eu", "us"]);
    expect(sessions(cookie)).toEqual(["eu"]);
  });

  it("end with the pool's ttl if the pool is known, and do not exist if it keeps no sessions by cookie", () => {
    const sticky: StickyConfig = { method: "cookie", ttl: 60, cookie_name: "__lb" };
    const cookie = `__lb=${part("eu", 61)}~${part("us", 60)}`;
    expect(sessions(cookie, { sticky: { eu: sticky, us: sticky } })).toEqual(["us"]);
    expect(sessions(cookie, { sticky: { eu: sticky } })).toEqual(["us"]);
    expect(sessions(cookie)).toEqual(["eu", "us"]);
    expect(sessions(cookie, { sticky: { eu: null, us: { ...sticky, method: "ip" } } })).toEqual([]);
  });

  it("do not matter to a split", () => {
    const route = routeOf({
      split: [
        { pool: "us", weight: 1 },
        { pool: "eu", weight: 1 },
      ],
    });
    expect(sessions(`__lb=${part("eu")}`, { route })).toEqual([]);
  });
});

describe("a pool's tag", () => {
  it("is six digits of the hash of its id, and never changes", () => {
    // Made with another implementation of murmur3, in Python.
    expect(["us", "eu", "ap", "web", "api"].map(poolTag)).toEqual([
      "ichydk",
      "ejykme",
      "cunqkm",
      "7ykk9x",
      "fdk8w2",
    ]);
    for (let index = 0; index < 2_000; index++) expect(poolTag(`pool-${index}`)).toMatch(/^[0-9a-z]{6}$/);
  });
});
