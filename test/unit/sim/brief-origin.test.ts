/** Origins of large runs, which compute a request's end at its arrival, are as those that step to it. */
import { describe, expect, it } from "vitest";
import { BriefOrigin } from "../../../sim/lib/brief/brief-origin.ts";
import { EventQueue } from "../../../sim/lib/event-queue.ts";
import type { Origin } from "../../../sim/lib/origin.ts";
import { Rng } from "../../../sim/lib/rng.ts";
import { SimOrigin } from "../../../sim/lib/sim-origin.ts";

type Kind = typeof BriefOrigin | typeof SimOrigin;

/** Requests come at random for so long, and are served in 10 ms each. @param perMs how many in a millisecond */
async function visited(Kind: Kind, workers: number, perMs: number, lengthMs: number) {
  const queue = new EventQueue();
  const rng = new Rng(7);
  const origin: Origin = new Kind("a", 0, { workers, serviceMs: 10 }, queue, rng);
  const staysMs: number[] = [];
  const come = (): void => {
    const cameMs = queue.nowMs;
    origin.arrive({ left: () => void staysMs.push(queue.nowMs - cameMs) });
    queue.in(rng.exponential(1 / perMs), come);
  };
  come();
  await queue.run(lengthMs);
  const mean = staysMs.reduce((sum, ms) => sum + ms, 0) / staysMs.length;
  return { mean, ...origin.measured() };
}

describe("an origin that computes when a request leaves", () => {
  it.each([
    ["has workers to spare", 20, 1],
    ["has lines", 4, 0.34],
    ["has one worker, and long lines", 1, 0.08],
  ])("serves as one that steps to it where it %s", async (_what, workers, perMs) => {
    const [stepped, computed] = [
      await visited(SimOrigin, workers, perMs, 400_000),
      await visited(BriefOrigin, workers, perMs, 400_000),
    ];
    expect(computed.utilisation).toBeCloseTo(stepped.utilisation, 1);
    expect(Math.abs(computed.mean / stepped.mean - 1)).toBeLessThan(0.1);
    for (const [count, share] of stepped.shares.slice(0, 2 * workers).entries())
      expect(Math.abs((computed.shares[count] ?? 0) - share)).toBeLessThan(0.02);
  });

  it.each([
    ["one that steps", SimOrigin],
    ["one that computes", BriefOrigin],
  ])("cuts off what it has when it fails, and refuses from then on: %s", async (_which, Kind) => {
    const queue = new EventQueue();
    const origin: Origin = new Kind("a", 0, { workers: 2, serviceMs: 1_000 }, queue, new Rng(1));
    const seen: string[] = [];
    const visitor = (name: string) => ({
      left: (isAnswered: boolean) => void seen.push(`${name} ${isAnswered} ${queue.nowMs}`),
    });
    for (const name of ["a", "b", "c"]) origin.arrive(visitor(name));
    queue.at(1, () => origin.fail());
    queue.at(2, () => origin.arrive(visitor("d")));
    queue.at(3, () => origin.recover());
    queue.at(4, () => origin.arrive(visitor("e")));
    await queue.run(100_000);
    expect(seen.slice(0, 4).sort()).toEqual(["a false 1", "b false 1", "c false 1", "d false 2"]);
    expect(seen.slice(4)).toEqual([expect.stringMatching(/^e true /)]);
  });

  it("tells of requests that have but a number which of them are cut off", async () => {
    const queue = new EventQueue();
    const origin = new BriefOrigin("a", 0, { workers: 1, serviceMs: 10 }, queue, new Rng(1));
    const cutOff: number[] = [];
    origin.cutOff = (request) => void cutOff.push(request);
    const ends = [0, 1, 2, 3].map((request) => origin.admit(request) ?? 0);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    queue.at(((ends[1] ?? 0) + (ends[2] ?? 0)) / 2, () => origin.fail());
    await queue.run(1_000);
    expect(cutOff.sort()).toEqual([2, 3]);
    expect(origin.admit(4)).toBeNull();
  });
});
