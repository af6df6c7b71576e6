/**
 * `npm run cost` as a user runs it, and what the counts it goes by promise. They are counted again in
 * test/long/cost.test.ts, which computes the documentation's tables, too.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMeasured } from "../../scripts/lib/cost/measured.ts";
import { NODE, PROJECT, temporaryDirectory } from "./support/processes.ts";

function cost(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(NODE, ["scripts/cost.ts", ...args], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const SIMPLE = ["--config", "examples/simple.jsonc"];

describe("npm run cost", () => {
  it("prints the bill of the paid plan, beside that of Cloudflare Load Balancing", () => {
    const { status, stdout, stderr } = cost(...SIMPLE, "--rps", "380", "--isolates", "40");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("examples/simple.jsonc: 380 requests a second, isolates: 40, paid plan");
    for (const what of [
      "Requests",
      "CPU, ms",
      "Object calls and alarms",
      "Rows written",
      "KV lists",
      "In all",
    ]) {
      expect(stdout).toContain(what);
    }
    expect(stdout).toMatch(/Cloudflare Load Balancing: 10\.00 dollars a month, .*not confirmed/);
  });

  it("says what does not fit the free plan, and exits with 1", () => {
    const { status, stdout } = cost(...SIMPLE, "--rps", "2", "--plan", "free");
    expect(status).toBe(1);
    expect(stdout).toContain("It does not fit the free plan:");
    expect(stdout).toContain("- Requests: 174,240 a day, the free plan has 100,000. Take the paid plan.");
  });

  it("gives the figures as JSON", () => {
    const { stdout } = cost(...SIMPLE, "--rps", "1", "--json");
    const { plan, dollars, lines, prices } = JSON.parse(stdout);
    expect([plan, dollars >= 5, prices]).toEqual(["paid", true, "2026-11-30"]);
    expect(lines.find(({ meter }: { meter: string }) => meter === "requests").perDay).toBeCloseTo(
      86_400 + 1_440,
    );
  });

  it("refuses wrong usage and wrong configurations with 2, and says what is wrong", () => {
    const file = join(temporaryDirectory(), "wrong.jsonc");
    writeFileSync(file, '{ "pools": { "web": { "origins": [{ "id": "a", "url": "nowhere" }] } } }');
    const wrong = cost("--config", file, "--rps", "1");
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain(`${file}:1:`);
    writeFileSync(file, '{ "pools": {} }');
    expect(cost("--config", file, "--rps", "1").stderr).toContain("must have at least one pool");
    expect(cost("--config", "none.jsonc", "--rps", "1").stderr).toContain("none.jsonc: cannot be read");
    const usage = cost("--rps", "x", ...SIMPLE);
    expect([usage.status, usage.stdout]).toEqual([2, ""]);
    expect(usage.stderr).toMatch(/^--rps: "x" is not a number.*Usage: npm run cost/s);
    expect(cost("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--isolates M") });
  });
});

describe("the measured counts", () => {
  const before = readMeasured();

  it("hold the promises: an alarm is set once, at most one a probe; busy traffic writes a row in 10 s", () => {
    const { traffic, checked, both } = before.runs;
    for (const { alarms, alarmsSet } of [traffic, checked, both])
      expect(alarmsSet).toBeLessThanOrEqual(alarms + 2);
    const probes = (before.seconds / 2) * 3;
    expect(checked.alarms).toBeLessThanOrEqual(probes * 1.1);
    expect(checked.rowsWritten).toBe(0);
    expect(traffic.rowsWritten).toBeLessThanOrEqual(before.seconds / 10 + 1);
    expect(both.alarms, "statistics share the alarms of checks").toBeLessThanOrEqual(checked.alarms * 1.2);
  });
});
