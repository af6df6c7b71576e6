/** Exports of thousands of pools and load balancers. */
import { expect, it } from "vitest";
import { PoolWriter, type Use } from "../../../scripts/lib/import/cloudflare/pool-writer.ts";
import { Findings } from "../../../scripts/lib/import/findings.ts";
import { AS_IT_HINTS } from "../../support/cloudflare-exports.ts";
import { counted } from "../../support/counted-list.ts";

it("looks at the load balancers once, not for each pool", () => {
  const uses = Array.from({ length: 100 }, (_, n): Use => {
    return { steering: { pools: [`p${n}`], fallback: `p${n}` } as unknown as Use["steering"], affinity: {} };
  });
  const { list, looks } = counted(uses);
  const context = { monitors: new Map(), options: AS_IT_HINTS, findings: new Findings() };
  const writer = new PoolWriter(list, context);
  for (let n = 0; n < 100; n++) {
    const origins = [{ name: "o", address: "a.example.com", enabled: true, weight: 1 }];
    const value = { id: `p${n}`, name: `pool-${n}`, enabled: true, origins };
    writer.write({ value, at: () => `pools[${n}]` } as unknown as Parameters<PoolWriter["write"]>[0]);
  }
  expect(Object.keys(writer.pools.all())).toHaveLength(100);
  expect(looks()).toBeLessThanOrEqual(2 * uses.length);
});
