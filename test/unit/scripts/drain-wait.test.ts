import { describe, expect, it } from "vitest";
import { type DrainView, drainEnd, drainProgress } from "../../../scripts/lib/drain-wait.ts";

const NOW = 1_000_000;
const view = (more: Partial<DrainView> = {}): DrainView => ({
  draining: true,
  drained: false,
  deadline: NOW + 90_000,
  active: 2,
  sticky: false,
  ...more,
});
const drained = { draining: false, drained: true, deadline: null };

describe("a drain", () => {
  it.each<[string, DrainView | null, DrainView | null, ReturnType<typeof drainEnd>]>([
    ["goes on while it drains", view(), null, null],
    ["goes on while it drains, even with nothing open", view({ active: 0 }), null, null],
    ["is over with nothing open", view({ ...drained, active: 0 }), view(), "empty"],
    ["is over with connections left", view(drained), view(), "time_up"],
    ["was ended", view({ draining: false, deadline: null }), view(), "undrained"],
    ["emptied an origin that has left", null, view({ active: 0 }), "empty"],
    ["emptied an origin that has left in time, whatever was seen last", null, view(), "empty"],
    ["ran out of time for an origin that has left", null, view({ deadline: NOW }), "time_up"],
    ["is over for an origin that was never seen", null, null, "empty"],
  ])("%s", (_, now, before, end) => {
    expect(drainEnd(now, before, NOW)).toBe(end);
  });

  it("tells what is open and how long it may take", () => {
    expect(drainProgress(view(), NOW)).toBe("2 connections open, 1:30 left");
    expect(drainProgress(view({ active: 1, deadline: NOW - 1 }), NOW)).toBe("1 connection open, 0:00 left");
  });

  it("says why it waits with nothing open", () => {
    expect(drainProgress(view({ active: 0, sticky: true }), NOW)).toBe(
      "0 connections open, 1:30 left for its sessions to come back",
    );
  });
});
