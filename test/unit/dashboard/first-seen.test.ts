import { expect, test } from "vitest";
import { FirstSeen } from "../../../src/admin/dashboard/lib/first-seen.ts";
import type { DashboardProblem } from "../../../src/admin/dashboard/lib/problems.ts";

const problem = (text: string, pool: string | null = "web"): DashboardProblem => ({
  tone: "bad",
  pool,
  origin: null,
  text,
  onset: null,
  weight: 1,
});

test("a problem is the same while its numbers change, and begins anew after a minute without it", () => {
  const seen = new FirstSeen();
  expect(seen.note(problem("12.5% of requests match no route"), 1_000)).toBe(1_000);
  expect(seen.note(problem("3% of requests match no route"), 50_000)).toBe(1_000);
  expect(seen.note(problem("9% of requests match no route"), 110_000)).toBe(1_000);
  expect(seen.note(problem("9% of requests match no route"), 170_001)).toBe(170_001);
});

test("problems of two pools, or of two kinds, have starts of their own", () => {
  const seen = new FirstSeen();
  seen.note(problem("12% of requests fail"), 0);
  expect(seen.note(problem("12% of requests fail", "other"), 7)).toBe(7);
  expect(seen.note(problem("Panic"), 8)).toBe(8);
});

test("of problems that are over nothing is kept, however long the page is open", () => {
  const seen = new FirstSeen();
  for (let n = 0; n < 5_000; n++) seen.note(problem("No answer", `pool-${n}`), n * 1_000);
  expect(seen.size).toBeLessThanOrEqual(61);
  expect(seen.note(problem("No answer", "pool-4999"), 5_000_000)).toBe(4_999_000);
});
