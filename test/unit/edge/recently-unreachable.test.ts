import { expect, it } from "vitest";
import type { OriginConfig } from "../../../src/config/schema.ts";
import { EdgeServer } from "../../../src/edge/model/edge-server.ts";
import { RecentlyUnreachable } from "../../../src/edge/pool/recently-unreachable.ts";

const CONFIG: OriginConfig = {
  id: "a",
  url: "https://a.example",
  weight: 1,
  enabled: true,
  backup: false,
  rate_limit: null,
  max_connections: null,
  binding: null,
  resolve_override: null,
};

/** One that was found at 10,000 ms, at that pace, and whether it is passed over at `nowMs`. */
function found(paceMs: number) {
  let nowMs = 10_000;
  const origin = new EdgeServer(CONFIG);
  const unreachable = new RecentlyUnreachable(() => nowMs);
  unreachable.paceMs = paceMs;
  unreachable.observe(origin, true);
  const isPassedOver = (atMs: number) => {
    nowMs = atMs;
    return unreachable.list().has(origin);
  };
  return { unreachable, origin, isPassedOver };
}

it.each([
  ["a second at least", 0, 1_000],
  ["as long as the object's pace", 4_000, 4_000],
  ["ten seconds at most", 3_600_000, 10_000],
])("an unreachable origin is passed over for %s", (_, paceMs, lengthMs) => {
  expect(found(paceMs).isPassedOver(10_000 + lengthMs - 1)).toBe(true);
  expect(found(paceMs).isPassedOver(10_000 + lengthMs)).toBe(false);
});

it("goes by the present pace, which may have fallen", () => {
  const { unreachable, isPassedOver } = found(10_000);
  unreachable.paceMs = 1_000;
  expect(isPassedOver(11_000)).toBe(false);
});

it("is over once the origin was reached, or the clock was set back", () => {
  const { unreachable, origin, isPassedOver } = found(1_000);
  unreachable.observe(origin, false);
  expect(isPassedOver(10_000)).toBe(false);
  expect(found(10_000).isPassedOver(9_000)).toBe(false);
});
