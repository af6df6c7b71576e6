import { describe, expect, it } from "vitest";
import { ILL, origin, START, StatusWorld } from "./status-world.ts";

describe("the announced status", () => {
  it("is empty while no route chooses among several pools including this one", () => {
    const world = new StatusWorld();
    world.tracker.steer(false);
    const { writes } = world.store;
    world.set(origin("a", ILL));
    world.tracker.reported();
    expect(world.tracker.status).toBeNull();
    expect(world.store.writes).toBe(writes);
    expect(world.tracker.nextLookMs()).toBe(Number.POSITIVE_INFINITY);
    expect([...world.store.rows.keys()].sort()).toEqual(["status_mark", "steered"]);
  });

  it("is not announced again because the number of isolates changes", () => {
    const world = new StatusWorld();
    const { changes } = world;
    const mark = world.tracker.status?.mark;
    world.isolates = 9;
    world.tracker.look();
    expect(world.tracker.status).toMatchObject({ isolates: 9, mark });
    expect(world.changes).toBe(changes);
  });

  it("has marks that grow with each change, also after an eviction with a clock that was set back", () => {
    const world = new StatusWorld();
    const marks = [];
    for (let turn = 0; turn < 5; turn++) {
      world.set(origin("a", turn % 2 === 0 ? ILL : {}), origin("b"));
      marks.push(world.tracker.status?.mark ?? 0);
      if (turn === 2) {
        world.nowMs -= 30_000;
        world.restart();
      }
    }
    expect(marks).toEqual([...new Set(marks)].sort((a, b) => a - b));
  });

  it("causes no row written for most marks", () => {
    const world = new StatusWorld();
    const { writes } = world.store;
    for (let turn = 0; turn < 50; turn++) world.set(origin("a", turn % 2 === 0 ? ILL : {}), origin("b"));
    // Two for what is told of spilling and its end; fifty would be one for each mark.
    expect(world.store.writes - writes).toBeLessThanOrEqual(2);
  });

  it("follows changes of origins within a fifth of a second, and other changes within a second", () => {
    const world = new StatusWorld();
    world.nowMs += 300;
    world.origins = [origin("a", { ejected: true, keptInUntilMs: START + 30_000 })];
    world.tracker.reported();
    expect(world.said).toMatchObject({ available: true });
    world.judgementRevision++;
    world.tracker.reported();
    expect(world.said).toMatchObject({ available: false });
  });

  it("is evaluated again soon if an origin changes too early for another evaluation", () => {
    const world = new StatusWorld();
    world.nowMs += 50;
    world.origins = [origin("a", ILL)];
    world.judgementRevision++;
    world.tracker.reported();
    expect(world.said).toMatchObject({ available: true });
    expect(world.pass(0.15).said).toMatchObject({ available: false });
  });
});
