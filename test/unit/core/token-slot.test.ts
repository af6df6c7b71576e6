import { describe, expect, it } from "vitest";
import { TokenSlot } from "../../../src/core/rate-limit/token-slot.ts";

const SLOT = { wait_ms: 100, slot_ms: 50 };

describe("requests for tokens", () => {
  it("may be sent at once, one at a time, until the object sets a time", () => {
    const slot = new TokenSlot();
    expect([slot.isOpen(0), slot.waitMs(0)]).toEqual([true, 0]);
    slot.requested(0);
    expect([slot.isPending(0), slot.isOpen(0)]).toEqual([true, false]);
    slot.done(10, false);
    expect([slot.isPending(10), slot.isOpen(10)]).toEqual([false, true]);
  });

  it("tell for how long one has been under way", () => {
    const slot = new TokenSlot();
    expect(slot.pendingMs(0)).toBeNull();
    slot.requested(100);
    expect([100, 160, 349, 350].map((ms) => slot.pendingMs(ms))).toEqual([0, 60, 249, null]);
    slot.requested(400);
    slot.done(410, false);
    expect(slot.pendingMs(410)).toBeNull();
  });

  it("are sent again after a quarter of a second if one failed, or had no answer", () => {
    const failed = new TokenSlot();
    failed.requested(0);
    failed.done(10, true);
    expect([failed.isOpen(259), failed.isOpen(260)]).toEqual([false, true]);
    const lost = new TokenSlot();
    lost.requested(0);
    expect([lost.isOpen(249), lost.isOpen(250)]).toEqual([false, true]);
  });

  it("wait until the object's time, without an end if it names none", () => {
    const slot = new TokenSlot();
    slot.apply({ wait_ms: 100 }, 0);
    expect([slot.isOpen(99), slot.isOpen(100), slot.isOpen(1_000_000)]).toEqual([false, true, true]);
    expect(slot.waitMs(40)).toBe(60);
  });
});

describe("a slot", () => {
  it("is open from its beginning to its end; after that the wait is long", () => {
    const slot = new TokenSlot();
    slot.apply(SLOT, 0);
    expect([99, 100, 149, 150].map((ms) => slot.isOpen(ms))).toEqual([false, true, true, false]);
    expect([slot.waitMs(0), slot.waitMs(150)]).toEqual([100, 5_000]);
  });

  it("ends with the crowd that took turns: the object names none any more", () => {
    const slot = new TokenSlot();
    slot.apply({ wait_ms: 9_000, slot_ms: 50 }, 0);
    slot.apply({ wait_ms: 0 }, 10);
    expect([slot.isOpen(10), slot.waitMs(10)]).toEqual([true, 0]);
    slot.apply({ wait_ms: 9_000, slot_ms: 50 }, 20);
    slot.apply({ wait_ms: 100 }, 30);
    expect([slot.isOpen(129), slot.isOpen(130)]).toEqual([false, true]);
  });

  it("that was used ends with the crowd, too: requests are not bound to it afterwards", () => {
    const slot = new TokenSlot();
    slot.apply(SLOT, 0);
    slot.requested(110);
    slot.apply({ wait_ms: 0 }, 120);
    slot.done(120, false);
    expect([120, 150, 60_000].map((ms) => slot.isOpen(ms))).toEqual([true, true, true]);
    expect(slot.waitMs(60_000)).toBe(0);
  });

  it("is not replaced by another one until a request has used it", () => {
    const slot = new TokenSlot();
    slot.apply(SLOT, 0);
    slot.apply({ wait_ms: 500, slot_ms: 50 }, 10);
    expect(slot.isOpen(100)).toBe(true);
    slot.requested(100);
    slot.apply({ wait_ms: 500, slot_ms: 50 }, 110);
    slot.done(110, false);
    expect([slot.isOpen(120), slot.isOpen(610)]).toEqual([false, true]);
  });
});
