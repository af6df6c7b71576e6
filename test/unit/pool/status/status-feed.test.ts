/**
 * Telling a pool's status and handing others' to isolates, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import type { PoolStatus, PoolStatusReply } from "../../../../src/contract/pool-status.ts";
import { StatusFeed } from "../../../../src/pool/status/status-feed.ts";
import { VirtualTimers } from "../../../support/virtual-timers.ts";

const OTHER = { mark: 5, available: true, share: 1, accept: 1 };

class World {
  readonly timers = new VirtualTimers();
  readonly told: [atMs: number, mark: number][] = [];
  own: PoolStatus | null = { mark: 1, available: true, share: 1, accept: 1 };
  reply: PoolStatusReply | null = { wanted: true, statuses: {} };
  /** How long a call takes. */
  tookMs = 0;
  unwanted = 0;
  readonly feed: StatusFeed;

  constructor() {
    this.timers.nowMs = 1_000_000;
    this.feed = new StatusFeed({
      pool: "eu",
      now: () => this.timers.nowMs,
      wait: (ms) => this.#wait(ms),
      background: (work) => void work,
      own: () => this.own,
      tell: async ({ mark }) => {
        this.told.push([this.timers.nowMs - 1_000_000, mark]);
        if (this.tookMs > 0) await this.#wait(this.tookMs);
        return this.reply;
      },
      unwanted: () => void this.unwanted++,
    });
  }

  change(mark: number): void {
    this.own = { mark, available: true, share: 1, accept: 1 };
    this.feed.changed();
  }

  /** Time passes; the alarm rings whenever it was set. */
  async pass(ms: number): Promise<void> {
    const endMs = this.timers.nowMs + ms;
    for (let rings = 0; rings < 1_000; rings++) {
      await this.timers.advance(0);
      const dueMs = Math.max(this.feed.nextRunMs(), this.timers.nowMs);
      if (dueMs > endMs) break;
      await this.timers.advance(dueMs - this.timers.nowMs);
      this.feed.run();
    }
    await this.timers.advance(endMs - this.timers.nowMs);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.timers.set(resolve, ms));
  }
}

describe("the announcement to the routes' object", () => {
  it("is made at once, and again every minute", async () => {
    const world = new World();
    await world.pass(150_000);
    expect(world.told).toEqual([
      [0, 1],
      [60_000, 1],
      [120_000, 1],
    ]);
  });

  it("has all changes within 200 ms together", async () => {
    const world = new World();
    await world.pass(1_000);
    for (let mark = 2; mark < 12; mark++) {
      world.change(mark);
      await world.timers.advance(50);
    }
    await world.pass(1_000);
    expect(world.told.slice(1)).toEqual([
      [1_000, 2],
      [1_200, 5],
      [1_400, 9],
      [1_600, 11],
    ]);
  });

  it("has one call under way, whatever changes, and is then repeated with the newest status", async () => {
    const world = new World();
    world.tookMs = 900;
    world.change(2);
    await world.timers.advance(100);
    world.change(3);
    await world.timers.advance(100);
    world.change(4);
    await world.pass(2_000);
    expect(world.told).toEqual([
      [0, 2],
      [900, 4],
    ]);
  });

  it("is repeated to a silent object after longer and longer times, a minute at most", async () => {
    const world = new World();
    world.reply = null;
    await world.pass(200_000);
    expect(world.told.map(([atMs]) => atMs / 1_000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
    world.reply = { wanted: true, statuses: {} };
    await world.pass(50_000);
    expect(world.told.at(-1)?.[0]).toBe(243_000);
  });

  it("is made at once for a change, even while the object is silent", async () => {
    const world = new World();
    world.reply = null;
    await world.pass(100_000);
    const before = world.told.length;
    world.change(9);
    await world.timers.advance(0);
    expect(world.told.slice(before)).toEqual([[100_000, 9]]);
  });

  it("ends when there is no status, or no route needs it", async () => {
    const world = new World();
    world.own = null;
    await world.pass(200_000);
    expect(world.told).toEqual([]);
    world.reply = { wanted: false, statuses: {} };
    world.change(2);
    await world.timers.advance(0);
    expect(world.unwanted).toBe(1);
  });
});

describe("the answer that no route needs the status any longer", () => {
  it("counts if no newer announcement came meanwhile", async () => {
    const world = new World();
    world.feed.share(["us"]);
    world.tookMs = 500;
    world.reply = { wanted: false, statuses: {} };
    world.change(2);
    await world.timers.advance(600);
    expect(world.unwanted).toBe(1);
  });

  it("does not cancel a newer request for the status", async () => {
    const world = new World();
    world.tookMs = 500;
    world.reply = { wanted: false, statuses: {} };
    world.change(2);
    await world.timers.advance(100);
    world.feed.share(["us"]);
    await world.timers.advance(500);
    expect(world.unwanted).toBe(0);
  });
});

describe("the statuses that isolates get", () => {
  it("are none if none is known", () => {
    const world = new World();
    world.own = null;
    expect(world.feed.replyTo({})).toEqual({});
    expect(world.feed.replyTo({ pool_status_mark: 7 })).toEqual({});
  });

  it("are all statuses once, and again after each change of the pool's own or another's", () => {
    const world = new World();
    world.feed.hear({ us: OTHER });
    const first = world.feed.replyTo({});
    expect(first.pool_statuses).toEqual({ us: OTHER, eu: world.own });
    const { pool_status_mark = 0 } = first;
    expect(world.feed.replyTo({ pool_status_mark })).toEqual({});
    world.feed.hear({ us: { ...OTHER, mark: 6 } });
    const second = world.feed.replyTo({ pool_status_mark });
    expect(second.pool_statuses?.us?.mark).toBe(6);
    world.change(2);
    expect(
      world.feed.replyTo({ pool_status_mark: second.pool_status_mark ?? 0 }).pool_statuses?.eu?.mark,
    ).toBe(2);
  });

  it("are the newest of each pool in whichever order they came, and never another pool's view of this one", () => {
    const world = new World();
    world.feed.hear({ us: { ...OTHER, mark: 8 }, ap: OTHER });
    world.feed.hear({ us: { ...OTHER, mark: 7, available: false }, eu: { ...OTHER, available: false } });
    const known = { us: { ...OTHER, mark: 8 }, ap: OTHER, eu: world.own };
    expect(world.feed.replyTo({}).pool_statuses).toEqual(known);
  });

  it("do not include pools that share no route any longer", () => {
    const world = new World();
    world.feed.hear({ us: OTHER, ap: OTHER });
    const before = world.feed.replyTo({}).pool_status_mark ?? 0;
    world.feed.share(["us", "sa"]);
    const { pool_statuses, pool_status_mark = 0 } = world.feed.replyTo({ pool_status_mark: before });
    expect(pool_statuses).toEqual({ us: OTHER, eu: world.own });
    world.feed.share(["us", "sa"]);
    expect(world.feed.replyTo({ pool_status_mark })).toEqual({});
  });

  it("include those in the answer of the routes' object", async () => {
    const world = new World();
    world.reply = { wanted: true, statuses: { us: OTHER } };
    await world.pass(10);
    expect(world.feed.replyTo({}).pool_statuses).toEqual({ us: OTHER, eu: world.own });
  });

  it("are never confused with those that an earlier life of the object gave", () => {
    const world = new World();
    world.feed.hear({ us: OTHER });
    const before = world.feed.replyTo({}).pool_status_mark;
    const next = new World();
    next.timers.nowMs = world.timers.nowMs + 5_000;
    const later = new StatusFeed({
      pool: "eu",
      now: () => next.timers.nowMs,
      wait: async () => {},
      background: () => {},
      own: () => world.own,
      tell: async () => null,
      unwanted: () => {},
    });
    expect(later.replyTo({ pool_status_mark: before ?? 0 }).pool_statuses).toEqual({ eu: world.own });
  });
});
