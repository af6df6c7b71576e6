import { describe, expect, it } from "vitest";
import { PoolStatusTracker } from "../../../../src/pool/status/pool-status-tracker.ts";
import { ILL, origin, START, StatusWorld } from "./status-world.ts";

describe("the status of a pool", () => {
  it("is available and takes all clients while all origins are well", () => {
    expect(new StatusWorld().said).toEqual({ available: true, share: 1, accept: 1, isolates: 3 });
  });

  it("depends on weights, not on counts, and names the origins that are down", () => {
    const world = new StatusWorld().set(origin("a", { weight: 3, ...ILL }), origin("b"));
    expect(world.said).toMatchObject({ available: true, share: 0.25, down: ["a"], reason: "1 of 2 origins" });
  });

  it("counts a slowly starting origin in full, and none that is switched off, drained or without weight", () => {
    const world = new StatusWorld().set(
      origin("a"),
      origin("b", { enabled: false, healthy: false }),
      origin("c", { draining: true }),
      origin("d", { drained: true }),
      origin("e", { weight: 0, healthy: false }),
    );
    expect(world.said).toMatchObject({ available: true, share: 1, down: ["c", "d"] });
  });

  it("is unavailable at once with fewer origins than it needs", () => {
    const world = new StatusWorld({ minimum_origins: 2 }).set(origin("a"), origin("b", ILL));
    expect(world.said).toMatchObject({ available: false, share: 0.5, reason: "1 of 2 origins, 2 needed" });
  });

  it("counts backups for what it needs, and takes all clients with them", () => {
    const settings = { minimum_origins: 2 };
    const world = new StatusWorld(settings).set(origin("a", ILL), origin("b"), origin("c", { backup: true }));
    expect(world.said).toMatchObject({ available: true, share: 0.7143 });
    world.set(origin("a", ILL), origin("b", ILL), origin("c", { backup: true }));
    expect(world.said).toMatchObject({ available: false, reason: "1 of 3 origins, 2 needed" });
  });

  it("of a pool whose only origins in service are backups depends on these", () => {
    const backups = [origin("b", { backup: true }), origin("c", { backup: true, ...ILL })];
    expect(new StatusWorld().set(origin("a", { drained: true }), ...backups).said).toMatchObject({
      available: true,
      share: 0.7143,
    });
    expect(new StatusWorld({ overprovisioning: 4 }).set(...backups).said).toMatchObject({ share: 0.5 });
  });

  it("is unavailable with nothing in service, whatever its panic threshold", () => {
    const world = new StatusWorld({ panic_threshold: 100 }).set(origin("a", { drained: true }));
    expect(world.said).toMatchObject({ available: false, share: 0, reason: "0 of 1 origins" });
    world.set(origin("a", ILL));
    expect(world.said).toMatchObject({ available: false, share: 0 });
  });

  it("counts an origin as out that only a limit of ejections keeps in, until that ends", () => {
    const untilMs = START + 30_000;
    const world = new StatusWorld({ return_delay: 5 });
    world.set(origin("a", { ejected: true, keptInUntilMs: untilMs, isOut: false }));
    const reason = "0 of 1 origins; 1 in service is failing";
    expect(world.said).toMatchObject({ available: false, share: 0, reason });
    expect(world.events).toEqual([`pool_unavailable: ${reason}`]);
    expect("down" in world.said).toBe(false);
    expect(world.tracker.nextLookMs()).toBe(untilMs);
    world.origins = [origin("a")];
    expect(world.pass(34).said).toMatchObject({ available: false, share: 1, reason: "returning" });
    expect(world.pass(1.1).said).toMatchObject({ available: true, share: 1 });
  });

  it("contains the settings that other pools' isolates need", () => {
    const world = new StatusWorld({
      overprovisioning: 2,
      shed_percent: 20,
      shed_sessions_percent: 5,
      location: { latitude: 50, longitude: 8 },
    });
    expect(world.said).toEqual({
      available: true,
      share: 1,
      accept: 0.8,
      overprovisioning: 2,
      shed: 0.2,
      shed_sessions: 0.05,
      location: { latitude: 50, longitude: 8 },
      isolates: 3,
      reason: "shed 20%",
    });
  });

  it("names no more than fifty origins that are down", () => {
    const ill = Array.from({ length: 60 }, (_, index) => origin(`o${index}`, ILL));
    const { down } = new StatusWorld().set(origin("a"), ...ill).tracker.status ?? {};
    expect(down).toHaveLength(50);
  });

  it("of a pool that was removed is not available; of one whose configuration is not known yet there is none", () => {
    const world = new StatusWorld();
    world.tracker.clear();
    world.tracker.adopt(null, true);
    expect(world.said).toEqual({ available: false, share: 0, accept: 0, reason: "not configured" });
    const cold = new PoolStatusTracker({
      store: world.store,
      now: () => world.nowMs,
      events: { emit: () => {} },
      origins: () => [],
      judgementRevision: () => 0,
      load: () => world.load,
      isolates: () => 0,
      changed: () => {},
    });
    cold.adopt(null);
    expect(cold.isSteered).toBe(true);
    expect(cold.status).toBeNull();
  });
});
