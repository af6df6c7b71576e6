/** The edge and `explain` choose alike: the same first pool for the same reason, and the same pools after it. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type KnownPool, steeringOf } from "../../src/admin/endpoints/steering-explanation.ts";
import { parseRoutes } from "../../src/config/parse.ts";
import { compileRoutes } from "../../src/config/routing.ts";
import type { StickyConfig } from "../../src/config/schema.ts";
import { entryPool, isSteered, type SteeredRoute } from "../../src/config/steer.ts";
import { type PoolStatus, UNKNOWN_POOL_STATUS } from "../../src/contract/pool-status.ts";
import { poolTag } from "../../src/core/affinity/pool-tag.ts";
import { type ClientPlace, clientPlace } from "../../src/core/steering/client-place.ts";
import type { EdgeRequest } from "../../src/edge/model/edge-request.ts";
import { KnownPoolStatuses } from "../../src/edge/steering/pool-statuses.ts";
import { PoolSteering } from "../../src/edge/steering/pool-steering.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";
import { SEED, seededRandom } from "../support/random.ts";
import { askedNothing } from "../support/where-request.ts";

const CASES = 5_000;
const NOW_MS = 1_800_000_000_000;
const TOKEN = "nhmaY4hljlrsMhejDjfCFw";
const POOLS = ["us", "eu", "ap", "sa"];

interface Case {
  readonly route: SteeredRoute;
  readonly pools: ReadonlyMap<string, KnownPool>;
  readonly ip: string;
  readonly place: ClientPlace;
  readonly cookie: string | null;
}

const random = seededRandom();
const below = (count: number): number => Math.floor(random() * count);
const oneOf = <T>(values: readonly T[]): T => values[below(values.length)] as T;
const often = (chance: number): boolean => random() < chance;

function anyRoute(): SteeredRoute {
  const pools = [...POOLS].sort(() => random() - 0.5).slice(0, 2 + below(3));
  const fallback = often(0.3) ? { fallback_pool: oneOf(["spare", ...POOLS]) } : {};
  const split = pools.map((pool) => ({ pool, weight: 1 + below(9) }));
  const steer = { pools, steer: oneOf(["failover", "proximity"]), spill: oneOf(["on", "off"]) };
  const parsed = parseRoutes([{ ...(often(0.25) ? { split } : steer), ...fallback }]);
  const route = compileRoutes(parsed.ok ? parsed.value : []).match("any", "/", askedNothing);
  if (route === null || !isSteered(route)) throw new Error("not steered");
  return route;
}

function anyStatus(): PoolStatus {
  const shed = oneOf([0, 0, 0.5, 1]);
  return {
    mark: 1,
    available: often(0.6),
    share: oneOf([1, 1, 0.5, random()]),
    accept: oneOf([1, 0, random()]) * (1 - shed),
    shed,
    shed_sessions: oneOf([0, 0, 0, 0.5, 1]),
    ...(often(0.8) ? { location: { latitude: random() * 180 - 90, longitude: random() * 360 - 180 } } : {}),
  };
}

function anySticky(): StickyConfig | null | undefined {
  const sticky = (method: StickyConfig["method"], cookie_name: string, ttl: number) => ({
    method,
    cookie_name,
    ttl,
  });
  return oneOf([undefined, null, sticky("ip", "__lb", 60), sticky("cookie", oneOf(["__lb", "own"]), 60)]);
}

function anyCookie(): string | null {
  if (often(0.3)) return null;
  const part = () =>
    `${TOKEN}.${(NOW_MS / 1_000 - oneOf([0, 59, 60, 61, 500])).toString(36)}.${poolTag(oneOf([...POOLS, "other"]))}`;
  const cookie = () =>
    `${oneOf(["__lb", "__lb", "own"])}=${[part(), part(), part()].slice(below(3)).join("~")}`;
  return often(0.5) ? cookie() : `a=b; ${cookie()}; ${cookie()}`;
}

function anyPlace(): ClientPlace {
  const at = { latitude: `${random() * 180 - 90}`, longitude: `${random() * 360 - 180}` };
  return clientPlace(
    oneOf([null, { country: oneOf(["DE", "US", "JP", "BR", "T1"]) }, { country: "FR", ...at }]),
  );
}

function anyCase(): Case {
  const known = (): KnownPool => ({
    status: often(0.85) ? anyStatus() : UNKNOWN_POOL_STATUS,
    sticky: anySticky(),
  });
  const ip = oneOf([`203.0.113.${below(256)}`, `2001:db8:${below(9_999)}::${below(9)}`]);
  const pools = new Map(POOLS.map((pool) => [pool, known()]));
  return { route: anyRoute(), pools, ip, place: anyPlace(), cookie: anyCookie() };
}

/** The pools that the edge asks one after another, if none can serve the request. */
function atEdge({ route, pools, ip, place, cookie }: Case) {
  const statuses = new KnownPoolStatuses();
  statuses.apply(Object.fromEntries([...pools].map(([pool, { status }]) => [pool, status])));
  const names = [...pools.values()].flatMap(({ sticky }) => (sticky == null ? [] : [sticky.cookie_name]));
  const steering = new PoolSteering(
    statuses,
    { placeOf: () => place },
    { cookieNames: new Set(["__lb", ...names]), stickyOf: (pool) => pools.get(pool)?.sticky },
    new WorkerSurroundings(env as unknown as Env),
  );
  const edge = { clientIp: ip, startedAtMs: NOW_MS, headers: { cookie } } as unknown as EdgeRequest;
  const steered = steering.choose(route, edge, steering.sessionsOf(route, edge));
  const { pool: chosen, arrival } = entryPool(route, steered);
  const asked = new Set([chosen]);
  for (;;) {
    const next = steering.next(route, steered, edge, asked) ?? route.fallbackPool;
    if (next === null || asked.has(next)) return { chosen, arrival, after: [...asked].slice(1) };
    asked.add(next);
  }
}

describe("explain", () => {
  it(`sends ${CASES} requests the way that the edge does (seed ${SEED})`, () => {
    const arrivals = new Set<string>();
    for (let index = 0; index < CASES; index++) {
      const each = anyCase();
      const { route, pools, ip, place, cookie } = each;
      const { chosen, arrival, after, next } = steeringOf(route, pools, { ip, place, cookie, nowMs: NOW_MS });
      const found = { chosen, arrival, after };
      expect(found, JSON.stringify({ index, ...each, pools: [...pools] })).toEqual(atEdge(each));
      expect(next).toBe(after[0] ?? null);
      arrivals.add(arrival);
    }
    expect([...arrivals].sort()).toEqual(["affinity", "fallback", "first", "spill", "split", "unavailable"]);
  });

  it("reports no session of a pool that keeps none by cookie, nor an expired one", () => {
    const parsed = parseRoutes([{ pools: ["us", "eu"] }]);
    const route = compileRoutes(parsed.ok ? parsed.value : []).match("any", "/", askedNothing);
    if (route === null || !isSteered(route)) throw new Error("not steered");
    const sessionPool = (name: string, ageS: number, sticky: StickyConfig | null | undefined) => {
      const cookie = `${name}=${TOKEN}.${(NOW_MS / 1_000 - ageS).toString(36)}.${poolTag("eu")}`;
      const pools = new Map([["eu", { status: UNKNOWN_POOL_STATUS, sticky }]]);
      const client = { ip: "203.0.113.7", place: clientPlace(null), cookie, nowMs: NOW_MS };
      return steeringOf(route, pools, client).session_pool;
    };
    const sticky: StickyConfig = { method: "cookie", cookie_name: "own", ttl: 60 };
    expect(sessionPool("own", 60, sticky)).toBe("eu");
    expect(sessionPool("own", 61, sticky)).toBeNull();
    expect(sessionPool("own", 60, { ...sticky, method: "ip" })).toBeNull();
    expect(sessionPool("__lb", 60, null)).toBeNull();
    expect(sessionPool("__lb", 9_999, undefined), "a pool whose rules are not known").toBe("eu");
  });
});
