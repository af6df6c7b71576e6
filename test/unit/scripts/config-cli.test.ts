import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { poolsHere } from "../../support/pools-command.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Not `process.execPath`: the tests may run under a Node that cannot run TypeScript.
const node = join(root, "node_modules/.bin/node");
const directory = mkdtempSync(join(tmpdir(), "pools-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

function pools(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(node, ["scripts/pools.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe("npm run pools -- check", () => {
  it("sums up a good file and exits with 0", () => {
    expect(pools("check", "examples/canary.jsonc")).toEqual({
      status: 0,
      stdout: [
        "examples/canary.jsonc: ok",
        "3 routes",
        "pool api: least_connections, 2 origins",
        "pool web: weighted_round_robin, 2 origins",
        "pool canary: round_robin, 1 origin",
        "pool static: round_robin, 1 origin",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  it("says where requests go without routes", () => {
    expect(pools("check", "examples/simple.jsonc").stdout).toContain(
      "no routes: everything goes to pool web\n",
    );
  });

  it("prints each error with its place to stderr and exits with 2", () => {
    const path = file("bad.jsonc", '{ "pools": {\n  "web": { "algoritm": "p2c", "origins": [] } } }');
    expect(pools("check", path)).toEqual({
      status: 2,
      stdout: "",
      stderr: [
        `${path}:2:12: pools.web.algoritm: unknown key, did you mean "algorithm"?`,
        `${path}:2:42: pools.web.origins: must be a list of 1 to 5000 items, found an empty list`,
        "",
      ].join("\n"),
    });
  });

  it("takes IP origins only with --local", () => {
    const path = file(
      "ip.json",
      '{ "pools": { "web": { "origins": [ { "id": "a", "url": "http://127.0.0.1:81" } ] } } }',
    );
    expect(pools("check", path).status).toBe(2);
    const hint = "with --local, IP addresses and localhost are allowed";
    expect(pools("check", path).stderr).toContain(hint);
    expect(pools("check", "--remote", path).stderr).not.toContain(hint);
    expect(pools("check", "--local", path).status).toBe(0);
  });
});

describe("wrong usage prints the usage and exits with 2", () => {
  it.each<[args: string[], reason: string]>([
    [[], "a command is missing"],
    [["toString", "x"], 'unknown command "toString"'],
    [["check"], "check takes one file"],
    [["check", "a", "--wat"], "Unknown option '--wat'"],
    [["check", "a", "--local", "--remote"], "only one of --local and --remote"],
    [
      ["push", "a", "--remote", "--state", "x"],
      "only one of --local (with or without --state), --remote and --url",
    ],
    [["diff", "a", "--url", "lb.example.com"], '"lb.example.com" is not the address of a balancer'],
    [["diff", "a", "--token", "x"], "--token goes with --url"],
    [["pull"], "pull takes one file"],
    [["explain", "shop"], '"shop" is no URL'],
    [["explain", "/", "--header", "x"], "--header: \"x\" is not of the form 'NAME: VALUE'"],
    [["status", "--window", "5"], '--window: "5" is no whole number from 10 to 86400'],
    [["drain", "web"], "drain takes a pool and an origin"],
  ])("%j", async (args, reason) => {
    const { code, stderr } = await poolsHere(args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("Usage: npm run pools -- ");
  });

  it("--help of a command tells its options", () => {
    const { status, stdout } = pools("check", "--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Usage: npm run pools -- check FILE [--local | --remote]");
    expect(stdout).toContain("  --local    allow");
  });

  it("--help is no error and tells the exit codes", () => {
    const { status, stdout } = pools("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Exit code: 0 done, or yes; 1 no");
  });
});
