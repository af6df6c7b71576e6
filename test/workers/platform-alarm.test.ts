/** By the platform's own clock, by which alarms ring by themselves. */
import { beforeAll, expect, it } from "vitest";
import { CHECK, configure, newPool, origin, url } from "./pool-object.ts";
import { clock, eventually } from "./test-clock.ts";

beforeAll(() => {
  clock.end();
  newPool();
});

it("an origin is checked again and again, by alarms of which each sets the next", async () => {
  await configure({ origins: [{ id: "a", url }], health_check: CHECK });
  const checkedAt = new Set<number>();
  await eventually(async () => {
    const { last_probe } = await origin();
    if (last_probe !== null) checkedAt.add(last_probe.at);
    expect(checkedAt.size).toBeGreaterThanOrEqual(4);
  });
});
