import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseOptions } from "../../../sim/lib/options.ts";
import { refused, simulate } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "simulate-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("npm run simulate", () => {
  it("runs on a user's file, prints the figures, writes the picture and the figures, and exits with 0", () => {
    const [svg, json] = [join(directory, "run.svg"), join(directory, "run.json")];
    const args = [
      "--rps",
      "100",
      "--seconds",
      "5",
      "--isolates",
      "4",
      "--regions",
      "2",
      "--out",
      svg,
      "--json",
      json,
    ];
    const { status, stdout } = simulate("--config", "examples/simple.jsonc", ...args);
    expect(status).toBe(0);
    expect(stdout).toContain("pool web: round_robin, leased");
    expect(stdout).toContain("object's pace: kept");
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const results = JSON.parse(readFileSync(json, "utf8"));
    expect(results.origins.map(({ id }: { id: string }) => id)).toEqual(["a", "b", "c"]);
    expect(results.options).toMatchObject({ rps: 100, seconds: 5, isolates: 4 });
  });

  it("reports no health transitions that did not happen", () => {
    const path = join(directory, "notify.jsonc");
    const pool = {
      origins: [{ id: "a", url: "https://a.example.com" }],
      health_check: { type: "tcp", interval: 1 },
      // Nothing listens there: an attempt to deliver would show as an event, and hold the run up.
      notify_url: "https://127.0.0.1:1/hook",
    };
    writeFileSync(path, JSON.stringify({ pools: { web: pool } }));
    const { status, stdout } = simulate("--config", path, "--seconds", "10", "--fail", "a@2");
    expect(status).toBe(0);
    expect(stdout).toContain("unhealthy");
    expect(stdout).not.toContain("notification");
  });

  it.each([
    [[], "--config: a configuration file is missing"],
    [["--config", "no-such-file"], "no-such-file: cannot be read"],
    [["--config", "examples/canary.jsonc"], "--pool: which of them? api, web, canary, static"],
    [["--config", "examples/canary.jsonc", "--pool", "nil"], '--pool: there is no pool "nil"'],
    [["--config", "examples/simple.jsonc", "--fail", "z@3"], 'pool web has no origin "z"; it has a, b, c'],
    [["--config", "examples/simple.jsonc", "--rps=-1"], "--rps: must be a number"],
    [
      ["--config", "examples/simple.jsonc", "--out", "/no-such-folder/x.svg", "--seconds", "1"],
      "cannot be written",
    ],
  ])("%j: exits with 2 and says what is wrong, without a trace", async (args, message) => {
    const { status, stderr } = await refused(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });

  it("exits with 2 at an event that would come after the end of the run", () => {
    const args = ["--seconds", "5", "--fail", "a@100"];
    const { status, stderr } = simulate("--config", "examples/simple.jsonc", ...args);
    expect(stderr).toBe(
      "--fail: a@100 is not before the end of the run, which is after 5 s; --seconds makes it longer\n",
    );
    expect(status).toBe(2);
  });

  it("says where a configuration is wrong", async () => {
    const path = join(directory, "wrong.jsonc");
    writeFileSync(path, '{ "pools": { "web": { "orgins": [] } } }');
    const { status, stderr } = await refused("--config", path);
    expect(status).toBe(2);
    expect(stderr).toMatch(/wrong\.jsonc:1:\d+: .*orgins/);
  });

  it("has help", () => {
    expect(simulate("--help")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Usage: npm run simulate"),
    });
  });
});

describe("an event", () => {
  const parsed = (...args: string[]) => parseOptions(["--config", "none", "--seconds", "5", ...args]);

  it.each([
    ["--fail", "a@5"],
    ["--recover", "a@5"],
    ["--disable", "a@100"],
    ["--enable", "a@100"],
    ["--drain", "a@5.5"],
    ["--burst", "4@5+8"],
    ["--outage", "5+1"],
    ["--restart", "5"],
    ["--deploy", "60"],
  ])("%s %s is refused in a run of five seconds", (flag, event) => {
    expect(() => parsed(flag, event)).toThrow(`${flag}: ${event} is not before the end of the run`);
  });

  it("may end after the run", () => {
    expect(parsed("--burst", "2@2+5", "--outage", "4.9+10")).toMatchObject({
      bursts: [{ factor: 2, fromMs: 2_000, toMs: 7_000 }],
      outages: [{ fromMs: 4_900, toMs: 14_900 }],
    });
  });
});
