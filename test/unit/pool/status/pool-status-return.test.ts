import { describe, expect, it } from "vitest";
import { ILL, origin, START, StatusWorld } from "./status-world.ts";

describe("a pool that returns", () => {
  it("counts again after its delay, then takes a tenth and grows, each step told", () => {
    const world = new StatusWorld({ return_delay: 10, slow_start: 20 }).set(
      origin("a", ILL),
      origin("b", ILL),
    );
    world.pass(60).set(origin("a"), origin("b"));
    expect(world.said).toMatchObject({
      available: false,
      share: 1,
      returns_at: START + 70_000,
      reason: "returning",
    });
    expect(world.pass(9.9).said).toMatchObject({ available: false });
    expect(world.pass(0.1).said).toMatchObject({ available: true, accept: 0.1, reason: "returned lately" });
    expect(world.pass(10).said).toMatchObject({ accept: 0.5 });
    expect(world.pass(10).said).toEqual({ available: true, share: 1, accept: 1, isolates: 3 });
    expect(world.pass(10).events).toEqual([
      "pool_unavailable: 0 of 2 origins",
      "pool_returning: 2 of 2 origins, in 10 s",
      "pool_available: takes 10% of its clients: returned lately",
      "pool_available: 2 of 2 origins, takes all of its clients",
    ]);
    expect(world.tracker.nextLookMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it("and has too few origins within its delay waits anew, and ramps from the later return", () => {
    const world = new StatusWorld({ minimum_origins: 2, return_delay: 10, slow_start: 20 });
    world.set(origin("a"), origin("b", ILL)).pass(30).set(origin("a"), origin("b"));
    expect(world.said).toMatchObject({ available: false, returns_at: START + 40_000 });
    world.pass(6).set(origin("a", ILL), origin("b"));
    expect(world.said).toMatchObject({ available: false, reason: "1 of 2 origins, 2 needed" });
    expect(world.said).not.toHaveProperty("returns_at");
    world.pass(2).set(origin("a"), origin("b"));
    expect(world.said).toMatchObject({ available: false, returns_at: START + 48_000 });
    expect(world.pass(9.9).said).toMatchObject({ available: false });
    expect(world.pass(0.1).said).toMatchObject({ available: true, accept: 0.1 });
    world.pass(5).set(origin("a", ILL), origin("b"));
    expect(world.said, "it goes at once, also from a ramp").toMatchObject({ available: false });
  });

  it("loses neither its delay nor its ramp when the object is evicted", () => {
    const world = new StatusWorld({ return_delay: 10, slow_start: 20 }).set(origin("a", ILL));
    world.set(origin("a")).pass(6);
    world.restart();
    expect(world.said).toMatchObject({ available: false, returns_at: START + 10_000 });
    world.pass(9);
    world.restart();
    expect(world.said).toMatchObject({ available: true, accept: 0.25 });
    expect(world.events.filter((event) => event.startsWith("pool_unavailable"))).toHaveLength(1);
  });

  it("that was down while it was evicted is still down, and its delay begins when it is seen again", () => {
    const world = new StatusWorld({ return_delay: 10 }).set(origin("a", ILL));
    world.nowMs += 3_600_000;
    world.origins = [origin("a")];
    world.restart();
    expect(world.said).toMatchObject({ available: false, returns_at: world.nowMs + 10_000 });
  });

  it("and goes away too often is held", () => {
    const world = new StatusWorld({ return_delay: 0 });
    for (let turn = 0; turn < 4; turn++) world.pass(1).set(origin("a", ILL)).pass(1).set(origin("a"));
    expect(world.said).toMatchObject({ available: false, reason: "returning" });
    expect(world.pass(35).said).toMatchObject({ available: true });
  });
});
