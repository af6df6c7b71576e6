/** Requests that come to a cold isolate all at once, as many as the limits of its origins allow in a second. */
import { expect, it, vi } from "vitest";
import { Client } from "../../../sim/lib/clients.ts";
import { SimIsolate } from "../../../sim/lib/sim-isolate.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { RetryBudget } from "../../../src/core/retry/retry-budget.ts";
import { aroundIsolate } from "./support.ts";

const LIMIT = 40;
const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const DOCUMENT = { origins: ["a", "b"].map((id) => ({ id, url: `https://${id}` })), rate_limit: LIMIT };
const sum = (column: Float64Array) => column.reduce((total, each) => total + each, 0);

/** What becomes of a burst, where the object is so far away. */
async function burst(oneWayMs: number, seed: number) {
  const { world, queue, recorder } = aroundIsolate(DOCUMENT, { oneWayMs, seed });
  const isolate = new SimIsolate("i", { region: 0, dataCenter: 0 }, world);
  queue.at(0, () => {
    for (let i = 0; i < 2 * LIMIT; i++) void isolate.serve(new Client(i, 0, ""));
    queue.settle();
  });
  await queue.run(9_000);
  const { answered, rate_limited } = recorder.answers;
  const fullest = Math.max(...[...recorder.origins.values()].map(({ worstWindow }) => worstWindow));
  return { answered: sum(answered), refused: sum(rate_limited), fullest };
}

it.each([1, 20, 80])(
  "are all let through where a call to the object takes twice %i ms, and none beyond the limits",
  async (oneWayMs) => {
    for (const seed of SEEDS)
      expect({ seed, ...(await burst(oneWayMs, seed)) }).toEqual({
        ...{ seed, answered: 2 * LIMIT, refused: 0, fullest: LIMIT },
      });
  },
);

it("are refused beyond the isolate's share where a call takes longer than a request waits for it", async () => {
  for (const seed of SEEDS) {
    const { answered, refused, fullest } = await burst(200, seed);
    expect(answered + refused).toBe(2 * LIMIT);
    expect([refused > 0, fullest <= LIMIT]).toEqual([true, true]);
  }
});

// The token goes to another request in the time between the look at it and the sending, which no machine does on demand.
it("are picked for again where a token has gone to another request meanwhile, and sent once", async () => {
  const start = vi
    .spyOn(LoadBalancer.prototype, "start")
    .mockReturnValueOnce(false)
    .mockReturnValueOnce(false);
  try {
    expect(await burst(1, 1)).toEqual({ answered: 2 * LIMIT, refused: 0, fullest: LIMIT });
    expect(start).toHaveBeenCalledTimes(2 * LIMIT + 2);
  } finally {
    start.mockRestore();
  }
});

// Others spend the budget between the look at it and the sending.
it("take no token for a retry that the budget no longer allows", async () => {
  const { world, queue, origins, recorder } = aroundIsolate(DOCUMENT, { oneWayMs: 1 });
  const isolate = new SimIsolate("i", { region: 0, dataCenter: 0 }, world);
  for (const origin of origins.values()) origin.fail();
  const start = vi.spyOn(LoadBalancer.prototype, "start");
  const isLeft = vi.spyOn(RetryBudget.prototype, "isLeft").mockReturnValueOnce(true).mockReturnValue(false);
  try {
    queue.at(0, () => {
      void isolate.serve(new Client(0, 0, ""));
      queue.settle();
    });
    await queue.run(2_000);
    expect(isLeft.mock.calls.length, "before the pick, and before the sending").toBeGreaterThanOrEqual(2);
    expect([start.mock.calls.length, recorder.attempts]).toEqual([1, 1]);
  } finally {
    start.mockRestore();
    isLeft.mockRestore();
  }
});
