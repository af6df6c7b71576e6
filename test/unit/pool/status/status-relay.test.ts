/**
 * The way of statuses through the object of the routes, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import { parseRoutes } from "../../../../src/config/parse.ts";
import type { PoolStatuses } from "../../../../src/contract/pool-status.ts";
import { StatusRelay } from "../../../../src/pool/routes/status-relay.ts";
import { VirtualTimers } from "../../../support/virtual-timers.ts";

function routesOf(...routes: object[]) {
  const parsed = parseRoutes(routes);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  return parsed.value;
}

function split(...pools: string[]) {
  return { split: pools.map((pool) => ({ pool, weight: 1 })) };
}

function status(mark: number) {
  return { mark, available: true, share: 1, accept: 1 };
}

class World {
  readonly timers = new VirtualTimers();
  readonly told: string[] = [];
  readonly unreachable = new Set<string>();
  tookMs = 0;
  running = 0;
  mostRunning = 0;
  readonly relay = new StatusRelay({
    now: () => this.timers.nowMs,
    wait: (ms) => this.#wait(ms),
    background: (work) => void work,
    tell: async (pool, statuses) => {
      this.running++;
      this.mostRunning = Math.max(this.mostRunning, this.running);
      if (this.tookMs > 0) await this.#wait(this.tookMs);
      this.running--;
      if (this.unreachable.has(pool)) return false;
      this.told.push(`${pool} hears ${spelled(statuses)}`);
      return true;
    },
  });

  constructor(...routes: object[]) {
    this.timers.nowMs = 1_000_000;
    this.relay.adopt(routesOf(...routes));
  }

  async note(pool: string, mark: number) {
    const reply = this.relay.note(pool, status(mark));
    await this.timers.advance(0);
    return reply;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.timers.set(resolve, ms));
  }
}

function spelled(statuses: PoolStatuses): string {
  return Object.entries(statuses)
    .map(([pool, { mark }]) => `${pool}:${mark}`)
    .join(" ");
}

describe("the pools that get a pool's status", () => {
  it("are those that share a route with it, also through a fallback, and no others", async () => {
    const world = new World(
      { host: "a.example", ...split("eu", "us"), fallback_pool: "static" },
      { host: "b.example", ...split("us", "ap") },
      { host: "c.example", pool: "web", fallback_pool: "static" },
    );
    await world.note("us", 1);
    expect(world.told).toEqual(["eu hears us:1", "static hears us:1", "ap hears us:1"]);
    world.told.length = 0;
    await world.note("ap", 1);
    expect(world.told).toEqual(["us hears ap:1"]);
    world.told.length = 0;
    expect((await world.note("web", 1)).wanted).toBe(false);
    expect((await world.note("static", 1)).wanted).toBe(true);
    expect(world.told).toEqual(["eu hears static:1", "us hears static:1"]);
  });

  it("do not include split members that get no clients, nor a split of one pool", () => {
    const world = new World(
      {
        host: "a.example",
        split: [
          { pool: "eu", weight: 1 },
          { pool: "us", weight: 0 },
        ],
      },
      { host: "b.example", ...split("ap"), fallback_pool: "static" },
    );
    for (const pool of ["eu", "us", "ap", "static"]) expect(world.relay.isSteered(pool)).toBe(false);
  });

  it("change with the routes in force", async () => {
    const world = new World(split("eu", "us"));
    await world.note("eu", 1);
    world.relay.adopt(routesOf(split("us", "ap")));
    expect(world.relay.isSteered("eu")).toBe(false);
    expect((await world.note("us", 1)).statuses).toEqual({});
    world.relay.adopt(null);
    expect((await world.note("us", 2)).wanted).toBe(false);
    world.relay.adopt(routesOf(split("us", "ap")));
    expect((await world.note("ap", 1)).statuses, "those of before").toEqual({});
  });

  it("get the known statuses at once when they begin to share a route", async () => {
    const rest = { host: "b.example", ...split("ap", "sa") };
    const world = new World({ host: "a.example", ...split("eu", "us") }, rest);
    for (const pool of ["eu", "us", "ap"]) await world.note(pool, 1);
    world.told.length = 0;
    world.relay.adopt(routesOf({ host: "a.example", ...split("eu", "us", "ap") }, rest));
    await world.timers.advance(0);
    expect(world.told).toEqual(["eu hears ap:1", "us hears ap:1", "ap hears eu:1 us:1"]);
  });
});

describe("a pool that reports its status", () => {
  it("gets those of the others in the answer", async () => {
    const world = new World(split("eu", "us", "ap"));
    expect(await world.note("eu", 1)).toEqual({ wanted: true, statuses: {} });
    expect(await world.note("us", 4)).toEqual({ wanted: true, statuses: { eu: status(1) } });
    expect(await world.note("ap", 2)).toEqual({
      wanted: true,
      statuses: { eu: status(1), us: status(4) },
    });
  });

  it("causes no call for a status that it reported before, or an older one", async () => {
    const world = new World(split("eu", "us"));
    await world.note("eu", 5);
    await world.note("eu", 5);
    await world.note("eu", 4);
    expect(world.told).toEqual(["us hears eu:5"]);
    expect((await world.note("us", 1)).statuses).toEqual({ eu: status(5) });
  });

  it("is passed on together with others that changed during a call", async () => {
    const world = new World(split("eu", "us", "ap"));
    world.tookMs = 100;
    await world.note("eu", 1);
    await world.note("us", 1);
    await world.note("eu", 2);
    await world.note("us", 2);
    await world.timers.advance(500);
    expect(world.told.filter((line) => line.startsWith("ap"))).toEqual([
      "ap hears eu:1",
      "ap hears us:2 eu:2",
    ]);
    expect(world.mostRunning).toBeLessThanOrEqual(3);
  });

  it("is repeated a few times to a pool that did not answer, and then no more", async () => {
    const world = new World(split("eu", "us"));
    world.unreachable.add("us");
    await world.note("eu", 1);
    await world.timers.advance(1_500);
    world.unreachable.clear();
    await world.timers.advance(1_000);
    expect(world.told).toEqual(["us hears eu:1"]);
    world.unreachable.add("us");
    await world.note("eu", 2);
    await world.timers.advance(60_000);
    world.unreachable.clear();
    await world.timers.advance(60_000);
    expect(world.told).toHaveLength(1);
    await world.note("eu", 3);
    expect(world.told.at(-1)).toBe("us hears eu:3");
  });
});

describe("the pools whose report is missing", () => {
  it("are all pools after a restart, and later those that became silent", async () => {
    const world = new World(split("eu", "us"));
    expect(world.relay.silent()).toEqual(["eu", "us"]);
    await world.note("eu", 1);
    expect(world.relay.silent()).toEqual(["us"]);
    await world.timers.advance(160_000);
    expect(world.relay.silent()).toEqual(["eu", "us"]);
  });
});

it("passes on what comes in any moment around the end of a call", async () => {
  for (let ticks = 0; ticks < 10; ticks++) {
    const heard: number[] = [];
    const relay = new StatusRelay({
      now: () => 1_000_000,
      wait: () => Promise.reject(new Error("nobody waits here")),
      background: (work) => void work,
      tell: async (_pool, statuses) => {
        heard.push(statuses.a?.mark ?? 0);
        return true;
      },
    });
    relay.adopt(routesOf(split("a", "b")));
    relay.note("a", status(1));
    for (let tick = 0; tick < ticks; tick++) await null;
    relay.note("a", status(2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.at(-1), `after ${ticks} microtasks`).toBe(2);
  }
});
