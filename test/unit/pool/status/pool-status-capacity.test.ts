import { describe, expect, it } from "vitest";
import { StatusWorld } from "./status-world.ts";

describe("capacity", () => {
  const settings = { capacity: { connections: 100, requests_per_second: 1_000 } };

  it("is stepped with reports, at most once a second, and named", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 150, requestsPerSecond: 10, paceMs: 900 };
    for (let report = 0; report < 20; report++) {
      world.nowMs += 100;
      world.tracker.reported();
    }
    expect(world.said).toMatchObject({ accept: 0.9, reason: "capacity 150%" });
  });

  it("is stepped once a pace if isolates report less often than once a second", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 150, requestsPerSecond: 10, paceMs: 4_000 };
    for (let second = 0; second < 12; second++) {
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    expect(world.said).toMatchObject({ accept: 0.85 });
  });

  it("lets the pool take all clients again after the load has ended, though no isolate reports", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 300, requestsPerSecond: 10, paceMs: 900 };
    for (let second = 0; second < 30; second++) {
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    expect(world.said).toMatchObject({ accept: 0.05 });
    world.load = { connections: 0, requestsPerSecond: 0, paceMs: 900 };
    expect(world.pass(120).said).toMatchObject({ accept: 1 });
    expect(world.tracker.nextLookMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("is within a tenth of its value after an eviction, for a few rows written", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 10_000, requestsPerSecond: 10, paceMs: 900 };
    const writes = world.store.writes;
    for (let second = 0; second < 9; second++) {
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    const { accept = 0 } = world.tracker.status ?? {};
    expect(accept).toBeCloseTo(0.55);
    expect(world.store.writes - writes).toBeLessThan(9);
    world.load = { connections: 95, requestsPerSecond: 10, paceMs: 900 };
    const restarted = world.restart().status?.accept ?? 0;
    expect(Math.abs(restarted - accept)).toBeLessThan(0.1);
  });

  it("is not assumed to be free by an object that has just started and has no reports yet", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 10_000, requestsPerSecond: 10, paceMs: 900 };
    for (let second = 0; second < 30; second++) {
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    world.load = { connections: 0, requestsPerSecond: 0, paceMs: 900 };
    world.restart();
    expect(world.said).toMatchObject({ accept: 0.05, reason: "capacity" });
    world.load = { connections: 95, requestsPerSecond: 10, paceMs: 900 };
    expect(world.pass(10).said).toMatchObject({ accept: 0.05, reason: "capacity 95%" });
  });

  it("is evaluated no more often than isolates report, however seldom that is", () => {
    const world = new StatusWorld(settings);
    world.load = { connections: 150, requestsPerSecond: 10, paceMs: 900 };
    for (let second = 0; second < 3; second++) {
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    world.load = { connections: 95, requestsPerSecond: 10, paceMs: 20_000 };
    const { looks } = world;
    world.pass(60);
    expect(world.looks - looks).toBeLessThanOrEqual(60 / 5);
  });

  it("that is exceeded now and then causes one spilling event", () => {
    const world = new StatusWorld(settings);
    for (let second = 0; second < 60; second++) {
      world.load = { connections: second % 4 === 0 ? 103 : 0, requestsPerSecond: 0, paceMs: 900 };
      world.nowMs += 1_000;
      world.tracker.reported();
    }
    expect(world.events).toEqual(["pool_spilling: takes 97% of its clients: capacity 103%"]);
    world.load = { connections: 0, requestsPerSecond: 0, paceMs: 900 };
    expect(world.pass(30).events).toHaveLength(2);
  });
});
