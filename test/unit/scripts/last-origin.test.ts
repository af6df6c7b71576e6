import { describe, expect, it } from "vitest";
import { isLastOrigin } from "../../../scripts/lib/last-origin.ts";
import type { PoolAnswer } from "../../../scripts/lib/status.ts";
import { type OriginAnswer, originAnswer, poolAnswer } from "../../support/origin-answer.ts";

interface Made {
  readonly id: string;
  readonly document?: object;
  readonly state?: Partial<OriginAnswer>;
}

function pool(...made: Made[]): PoolAnswer {
  const origins = made.map(({ id, state }) => originAnswer(id, state));
  const documents = made.map(({ id, document }) => ({ id, url: originAnswer(id).url, ...document }));
  return poolAnswer("web", origins, documents);
}

describe("the last origin of a pool", () => {
  it("is the only one, and neither of two", () => {
    expect(isLastOrigin(pool({ id: "a" }), "a")).toBe(true);
    expect(isLastOrigin(pool({ id: "a" }, { id: "b" }), "a")).toBe(false);
  });

  it.each<[what: string, other: Omit<Made, "id">]>([
    ["is switched off", { document: { enabled: false } }],
    ["has weight 0", { document: { weight: 0 } }],
    ["is unhealthy", { state: { healthy: false } }],
    ["is ejected", { state: { ejected: true } }],
    ["drains", { state: { draining: true } }],
    ["is drained", { state: { drained: true } }],
  ])("is the one whose only other %s", (_, other) => {
    expect(isLastOrigin(pool({ id: "a" }, { id: "b", ...other }), "a")).toBe(true);
    expect(isLastOrigin(pool({ id: "a" }, { id: "b", ...other }), "b"), "nobody misses that one").toBe(false);
  });

  it("is not one that a backup stands in for", () => {
    expect(isLastOrigin(pool({ id: "a" }, { id: "b", document: { backup: true } }), "a")).toBe(false);
  });

  it("is told in a pool with an origin that is being removed, which counts for nothing", () => {
    const removing = originAnswer("old", { removing: true });
    const one = pool({ id: "a" });
    expect(isLastOrigin({ ...one, origins: [...one.origins, removing] }, "a")).toBe(true);
  });
});
