/** The simulation's calendar gives events in order of time, however far apart they are and whenever they are entered. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../sim/lib/event-queue.ts";

/** When an event is, after the one that enters it; and what that enters further. */
interface Planned {
  readonly delayMs: number;
  readonly next: readonly Planned[];
}

const delay = fc.oneof(
  fc.constantFrom(0, 1, 1_023, 1_024, 1_025),
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.double({ min: 0, max: 5_000_000, noNaN: true }),
);
const { planned } = fc.letrec<{ planned: Planned }>((tie) => ({
  planned: fc.record({
    delayMs: delay,
    next: fc.oneof({ depthSize: "small" }, fc.constant([]), fc.array(tie("planned"), { maxLength: 4 })),
  }),
}));

describe("the calendar of events", () => {
  it("has each event happen at its time, and those of the same time in the order in which they were entered", async () => {
    const check = async (startMs: number, plans: readonly Planned[]): Promise<void> => {
      const queue = new EventQueue(startMs);
      const entered: { atMs: number; order: number }[] = [];
      const seen: { atMs: number; order: number }[] = [];
      const enter = ({ delayMs, next }: Planned): void => {
        const event = { atMs: queue.nowMs + delayMs, order: entered.length };
        entered.push(event);
        queue.in(delayMs, () => {
          expect(queue.nowMs).toBe(event.atMs);
          seen.push(event);
          next.forEach(enter);
        });
      };
      plans.forEach(enter);
      await queue.run(startMs + 2_000);
      const early = seen.length;
      expect(seen.every(({ atMs }) => atMs < startMs + 2_000)).toBe(true);
      enter({ delayMs: 0, next: [] });
      await queue.run(Number.MAX_SAFE_INTEGER);
      expect(seen.slice(0, early)).toEqual(inOrder(seen.slice(0, early)));
      expect(seen).toEqual(inOrder(entered));
    };
    const start = fc.constantFrom(0, -1_700_000, -0.5, 7);
    await fc.assert(fc.asyncProperty(start, fc.array(planned, { maxLength: 30 }), check));
  });

  it("tells an act that is an object what it is about", async () => {
    const queue = new EventQueue();
    const seen: number[] = [];
    const act = { happen: (about: number) => void seen.push(about) };
    for (let about = 0; about < 3_000; about++) queue.at(3_000 - about, act, about);
    await queue.run(3_001);
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, index) => 2_999 - index));
  });
});

function inOrder(events: readonly { atMs: number; order: number }[]) {
  return [...events].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
}
