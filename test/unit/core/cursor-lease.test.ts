import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CursorAllocator, LeasedCursor } from "../../../src/core/cursor/cursor-lease.ts";

const SEED = 20_261_124;

const take = (cursor: LeasedCursor, count: number): number[] =>
  Array.from({ length: count }, () => cursor.next());

describe("one isolate alone", () => {
  it("is exactly sequential across leases", () => {
    const pool = new CursorAllocator();
    const cursor = new LeasedCursor(500);
    cursor.lease(pool.grant(4));
    const seen = take(cursor, 2);
    cursor.lease(pool.grant(4));
    expect([...seen, ...take(cursor, 6)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("stays sequential when a lease runs out before the next one arrives", () => {
    const pool = new CursorAllocator();
    const cursor = new LeasedCursor(500);
    cursor.lease(pool.grant(3));
    const seen = take(cursor, 5);
    cursor.lease(pool.grant(10));
    expect([...seen, ...take(cursor, 3)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("repays an overdraft larger than the next lease", () => {
    const pool = new CursorAllocator();
    const cursor = new LeasedCursor(500);
    cursor.lease(pool.grant(1));
    const seen = take(cursor, 6);
    cursor.lease(pool.grant(2));
    cursor.lease(pool.grant(10));
    expect([...seen, ...take(cursor, 2)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("goes on where it was after giving back and asking again", () => {
    const pool = new CursorAllocator();
    const cursor = new LeasedCursor(500);
    cursor.lease(pool.grant(10));
    const seen = take(cursor, 4);
    for (const range of cursor.giveBack()) pool.giveBack(range);
    cursor.lease(pool.grant(10));
    expect([...seen, ...take(cursor, 3)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("an isolate without a lease", () => {
  it("counts on from its start position, and later leases are not reduced for that", () => {
    const cursor = new LeasedCursor(500);
    expect(take(cursor, 3)).toEqual([500, 501, 502]);
    cursor.lease({ start: 0, end: 2 });
    expect(take(cursor, 2)).toEqual([0, 1]);
  });

  it("asks again once half of the lease is spent, not before", () => {
    const cursor = new LeasedCursor(0);
    expect(cursor.isLow).toBe(true);
    cursor.lease({ start: 0, end: 10 });
    take(cursor, 4);
    expect(cursor.isLow).toBe(false);
    cursor.next();
    expect(cursor.isLow).toBe(true);
    cursor.lease({ start: 10, end: 20 });
    expect(cursor.isLow).toBe(false);
    expect(cursor.remaining).toBe(15);
  });
});

describe("the allocator", () => {
  it("hands out each position once, and a returned one once again, in any interleaving", () => {
    const steps = fc.array(
      fc.record({ isolate: fc.nat(3), want: fc.nat(7), spend: fc.nat(9), back: fc.boolean() }),
    );
    fc.assert(
      fc.property(steps, (script) => {
        const pool = new CursorAllocator();
        const cursors = [0, 1, 2, 3].map(() => new LeasedCursor(0));
        const spent: number[] = [];
        for (const { isolate, want, spend, back } of script) {
          const cursor = cursors[isolate];
          if (cursor === undefined) continue;
          if (want > 0) cursor.lease(pool.grant(want));
          spent.push(...take(cursor, Math.min(spend, cursor.remaining)));
          if (back) for (const range of cursor.giveBack()) pool.giveBack(range);
        }
        for (const cursor of cursors) spent.push(...take(cursor, cursor.remaining));
        expect(new Set(spent).size, "no position twice").toBe(spent.length);
        expect(Math.max(-1, ...spent)).toBeLessThan(pool.position);
      }),
      { seed: SEED },
    );
  });

  it("accepts no returned range that it never handed out", () => {
    const pool = new CursorAllocator();
    pool.grant(5);
    pool.giveBack({ start: 3, end: 9 });
    pool.giveBack({ start: 4, end: 4 });
    pool.giveBack({ start: -1, end: 2 });
    expect(pool.grant(2)).toEqual({ start: 5, end: 7 });
  });
});
