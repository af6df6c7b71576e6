import { describe, expect, it } from "vitest";
import { poolStatusText } from "../../../../src/contract/pool-status.ts";

const WELL = { available: true, share: 1, accept: 1 };

describe("a pool's status in words", () => {
  it.each<[status: object, text: string | null]>([
    [{}, null],
    [{ share: 0.72 }, null],
    [{ share: 0.5, reason: "1 of 2 origins" }, "spilling 30% of its clients: 1 of 2 origins"],
    [{ share: 0.5, overprovisioning: 2 }, null],
    [{ accept: 0.999 }, "spilling 1% of its clients"],
    [{ accept: 0 }, "spilling 100% of its clients"],
    [{ available: false }, "unavailable"],
    [{ available: false, reason: "0 of 2 origins" }, "unavailable: 0 of 2 origins"],
    [{ available: false, returns_at: 7_500, reason: "returning" }, "returning in 7 s"],
    [{ available: false, returns_at: 500 }, "returning in 0 s"],
  ])("of %j is %j", (status, text) => {
    expect(poolStatusText({ ...WELL, ...status }, 1_000)).toBe(text);
  });
});
