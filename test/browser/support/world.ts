/**
 * Common set-up of the dashboard's tests: the started program with pools of each kind, real origins, traffic, and a
 * browser for each test.
 * @module
 */
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { ADMIN_TOKEN } from "../../system/support/admin.ts";
import { type Balancer, startBalancer } from "../../system/support/balancer.ts";
import { fetchAlone } from "../../system/support/client.ts";
import { type Origin, startOrigins } from "../../system/support/origins.ts";
import { PROBE_TIMEOUT_S } from "../../system/support/patience.ts";
import { expectNoComplaints, openBrowser, signIn, type Visitor } from "./browser.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

export const ADMIN = ADMIN_TOKEN;
export const READER = "browser-read-token";

const CHECK = {
  ...{ path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S },
  ...{ unhealthy_threshold: 2, flap: null },
};

/** Filled before the first test; the visitor before each test. */
export interface World {
  origins: Origin[];
  balancer: Balancer;
  visitor: Visitor;
  /** Signs in. @param query of the page to go to */
  enter(query?: string, token?: string): Promise<void>;
  /** Calls the admin API, as another operator would. */
  api(path: string, init?: RequestInit): Promise<Response>;
}

/** Call it once at the top of a file. */
export function useWorld(): World {
  const world = {} as World;
  let traffic: Traffic | null = null;
  world.enter = (query = "", token = ADMIN) => signIn(world.visitor, world.balancer.url, token, query);
  world.api = (path, init = {}) =>
    fetchAlone(`${world.balancer.url}/_lb${path}`, {
      ...init,
      headers: { authorization: `Bearer ${ADMIN}`, ...init.headers },
    });
  beforeAll(async () => {
    world.origins = await startOrigins("a", "b", "c");
    world.balancer = await start(world.origins);
    traffic = startTraffic(`${world.balancer.url}/web`, `${world.balancer.url}/split/x`);
  });
  afterAll(async () => {
    await traffic?.stop();
    await world.balancer?.kill();
    for (const origin of world.origins ?? []) await origin.kill();
  });
  beforeEach(async () => {
    world.visitor = await openBrowser();
  });
  afterEach(async () => {
    try {
      expectNoComplaints(world.visitor);
    } finally {
      await world.visitor.close();
    }
  });
  return world;
}

function start(origins: readonly Origin[]): Promise<Balancer> {
  const plain = origins.map((origin) => origin.config());
  return startBalancer({
    adminToken: ADMIN,
    vars: { ADMIN_TOKENS: JSON.stringify([{ name: "reader", token: READER, scope: "read" }]) },
    config: {
      routes: [
        { path: "/split/*", pool: "split" },
        { path: "/edited/*", pool: "edited" },
        // The path at which the origins have an endless stream.
        { path: "/sse", pool: "drained" },
        { host: "drained.test", pool: "drained" },
        { pool: "web" },
      ],
      pools: {
        web: { origins: plain, health_check: CHECK },
        split: { algorithm: "weighted_round_robin", origins: plain.slice(0, 2) },
        edited: { origins: plain, drain_timeout: 300 },
        drained: { origins: plain, drain_timeout: 300 },
      },
    },
  });
}

/** The row of an origin. */
export const row = (origin: string) => `.origins > tbody > tr:has(th a:text-is("${origin}"))`;
