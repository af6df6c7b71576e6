/** An origin of weight 0 gets no new clients, so nothing is asked or counted on their behalf there. */
import { describe, expect, it } from "vitest";
import { clock } from "./test-clock.ts";
import { configure, ORIGINS, object, stub, url, withWrappedPools } from "./wrapped-pool.ts";

withWrappedPools("zero");

const [FIRST, SECOND] = ORIGINS;
const EMPTY = { ...SECOND, weight: 0 };

describe("a pool whose other origins are out", () => {
  it.each([
    ["leased", {}],
    ["strict", { coordination: "strict" }],
  ])("says so, and asks for no token, where it is %s", async (_, more) => {
    await configure({ origins: [{ ...FIRST, enabled: false }, EMPTY], rate_limit: 5, ...more });
    for (let i = 0; i < 3; i++) {
      const answer = await object.ask(url);
      expect([answer.status, await answer.json()]).toMatchObject([503, { type: "no_origin_available" }]);
    }
    expect(object.count("acquire")).toBe(0);
  });
});

describe("a failure at the only origin with a weight", () => {
  it("is none that the budget kept from another origin", async () => {
    const failover = { retry_budget_percent: 0, retry_on: [503] };
    await configure({ origins: [FIRST, EMPTY], failover });
    for (let i = 0; i < 3; i++) expect((await object.ask(`${url}?status=503`)).status).toBe(503);
    await clock.until(async () => {
      const { requests, retry_overflow } = await stub().stats();
      expect([requests, retry_overflow]).toEqual([3, 0]);
    });
  });
});
