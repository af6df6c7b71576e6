/**
 * The counts that `npm run cost` goes by, counted again on the real runtime, which takes a minute of waiting; and the
 * documentation's tables.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { costTables } from "../../scripts/lib/cost/docs.ts";
import { measure } from "../../scripts/lib/cost/measure.ts";
import { type Counts, type RunName, readMeasured } from "../../scripts/lib/cost/measured.ts";
import { NODE, PROJECT } from "../system/support/processes.ts";

test("the stored counts for the bill equal new counts on the real runtime", async () => {
  const before = readMeasured();
  const now = await measure(20);
  const scale = now.seconds / before.seconds;
  const near = (what: string, counted: number, expected: number) => {
    // What is done each 5 or 10 s may fall into the time or not at either end of it; and a machine may be slow.
    const slack = Math.max(3, expected * 0.35);
    expect(counted, `${what}: ${expected} expected`).toBeGreaterThanOrEqual(expected - slack);
    expect(counted, `${what}: ${expected} expected`).toBeLessThanOrEqual(expected + slack);
  };
  const meters: (keyof Counts)[] = [
    "poolCalls",
    "alarms",
    "alarmsSet",
    "rowsWritten",
    "objectKvReads",
    "logLines",
  ];
  for (const [name, counts] of Object.entries(now.runs)) {
    for (const meter of meters) {
      near(`${name} ${meter}`, counts[meter], before.runs[name as RunName][meter] * scale);
    }
  }
  for (const meter of ["kvReads", "kvLists", "routesCalls"] as const) {
    near(`isolate ${meter}`, now.isolate[meter], before.isolate[meter] * scale);
    near(`without routes ${meter}`, now.isolateWithoutRoutes[meter], before.isolateWithoutRoutes[meter]);
  }
  const { rowsWritten, ...calls } = now.cron;
  expect(before.cron).toMatchObject(calls);
  near("cron rowsWritten", rowsWritten, before.cron.rowsWritten);
}, 300_000);

test("docs/operations.md has the tables that the command prints", () => {
  const tables = costTables(readFileSync(join(PROJECT, "docs/operations.md"), "utf8"));
  const plans = tables.map(({ args }) => args[args.indexOf("--plan") + 1]);
  expect(new Set(plans)).toEqual(new Set(["free", "paid"]));
  for (const { args, shown } of tables) {
    // With 1 where the traffic does not fit the plan.
    const { stdout } = spawnSync(NODE, ["scripts/cost.ts", ...args], { cwd: PROJECT, encoding: "utf8" });
    expect(shown, args.join(" ")).toBe(stdout.trim());
  }
});
