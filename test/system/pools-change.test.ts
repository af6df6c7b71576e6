/**
 * The commands of `npm run pools` that change a balancer that runs, or tell what happened to it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { poolsHere } from "../support/pools-command.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { PROBE_TIMEOUT_S } from "./support/patience.ts";
import { startPools } from "./support/pools.ts";

const TOKEN = "cli-test-token";

let origins: Origin[];
let balancer: Balancer;
const directory = mkdtempSync(join(tmpdir(), "edge-balancer-change-"));
const logFile = join(directory, "requests.log");

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  const both = origins.map((origin) => origin.config());
  balancer = await startBalancer({
    adminToken: TOKEN,
    args: ["--log", logFile],
    config: {
      routes: [{ path: "/off", pool: "off" }, { pool: "web" }],
      pools: {
        web: {
          algorithm: "weighted_round_robin",
          origins: both,
          health_check: { interval: 60, timeout: PROBE_TIMEOUT_S },
        },
        plain: { origins: both },
        leaving: { origins: both, sticky: true },
        off: { origins: origins.map((origin) => origin.config({ enabled: false })) },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
  rmSync(directory, { recursive: true });
});

const where = () => ({ LB_URL: balancer.url, LB_ADMIN_TOKEN: TOKEN });
const pools = (...args: string[]) => poolsHere(args, where());

async function servedBy(count: number): Promise<Set<string | undefined>> {
  const served = new Set<string | undefined>();
  for (let i = 0; i < count; i++) served.add((await fetchRaw(balancer.url, "/")).headers["x-origin"]);
  return served;
}

describe("weight, enable and disable change one origin", () => {
  test("each is a version with who and why, in force for the next requests", async () => {
    const changed = await pools("weight", "web", "b", "0", "-m", "b is slow today");
    expect(changed).toMatchObject({ code: 0, stderr: "" });
    expect(changed.stdout).toMatch(/^web\/b has weight 0 \(version \d+\)\n$/);
    await eventually("only a serves", async () => (await servedBy(4)).size === 1);
    expect((await pools("weight", "web", "b", "0")).stdout).toBe(
      "web/b has weight 0 already, nothing changed\n",
    );
    const listed = await pools("versions", "web");
    expect(listed.stdout).toMatch(/^ +\d+ {2}\S+Z {2}admin {2}in force {2}b is slow today$/m);
    const events = await pools("events", "web", "--kind", "audit");
    expect(events.stdout).toMatch(
      /web {2}audit {2}changed weight of origin b: b is slow today \(version \d+\) {2}by admin$/m,
    );
    await pools("weight", "web", "b", "1");
  });

  test("disable takes an origin out, enable brings it back", async () => {
    expect((await pools("disable", "web", "a")).stdout).toMatch(
      /^web\/a takes no traffic \(version \d+\)\n$/,
    );
    await eventually("only b serves", async () => [...(await servedBy(4))].join() === "b");
    expect((await pools("enable", "web", "a")).stdout).toMatch(/^web\/a takes traffic \(version \d+\)\n$/);
    await eventually("both serve", async () => (await servedBy(4)).size === 2);
  });

  test.each([
    [["weight", "web", "b", "-1"], "Unknown option"],
    [["weight", "web", "b", "1.234"], '"1.234" is no weight'],
    [["weight", "web", "b", "1001"], '"1001" is no weight'],
    [["weight", "web", "b"], "weight takes a pool, an origin, and a weight"],
    [["enable", "web"], "enable takes a pool and an origin"],
    [["rollback", "web", "x"], '"x" is no whole number'],
    [["rollback", "web"], "rollback takes one version"],
    [["versions"], "versions takes a pool, or --routes"],
    [["check-now"], "check-now takes a pool"],
    [["events", "web", "api"], "events takes one pool"],
    [["tail", "--status", "6"], "--status"],
    [["tail", "web"], "tail takes no arguments"],
  ])("%j is wrong usage", async (args, reason) => {
    const { code, stdout, stderr } = await pools(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("a missing pool or origin is reported", async () => {
    expect(await pools("weight", "web", "x", "1")).toMatchObject({ code: 3 });
    expect((await pools("disable", "wbe", "a")).stderr).toContain('There is no pool "wbe".');
    expect((await pools("rollback", "web", "9999")).stderr).toContain("Version 9999 is not kept.");
    expect((await pools("check-now", "plain")).stderr).toContain("has no health_check");
    // What is wrong, not only that something is.
    const unsaid = await pools("rollback", "web", "1", "-m", "");
    expect(unsaid).toMatchObject({ code: 3 });
    expect(unsaid.stderr).toContain("message: must be a text of 1 to 200 characters in one line");
  });
});

describe("the last origin of a pool that takes traffic", () => {
  test("is drained, switched off or given no weight only with --yes", async () => {
    await pools("enable", "off", "a");
    await eventually("it serves", async () => (await fetchRaw(balancer.url, "/off")).status === 200);
    for (const [command, ...more] of [["drain"], ["disable"], ["weight", "0"]] as const) {
      const asked = await pools(command, "off", "a", ...more);
      expect(asked).toMatchObject({ code: 2, stdout: "" });
      expect(asked.stderr).toBe(
        "nothing changed: off/a is the last origin of off that takes traffic: without it the pool serves nobody. Confirm that with --yes\n",
      );
      expect((await fetchRaw(balancer.url, "/off")).status).toBe(200);
    }
    expect(await pools("weight", "off", "a", "0.5")).toMatchObject({ code: 0 });
    expect(await pools("disable", "off", "b"), "it takes no traffic as it is").toMatchObject({ code: 0 });
    expect(await pools("drain", "off", "a", "--yes")).toMatchObject({ code: 0 });
    await eventually("nobody serves", async () => (await fetchRaw(balancer.url, "/off")).status === 503);
    const { stdout } = await pools("explain", "/off");
    expect(stdout).toMatch(/^ {2}a {2}(nothing left, )?by admin, for \d+s/m);
    await pools("undrain", "off", "a");
    expect(await pools("disable", "off", "a", "-y", "-m", "night")).toMatchObject({ code: 0 });
  });
});

describe("versions and rollback", () => {
  test("show what a version changed, and bring it back", async () => {
    await pools("weight", "web", "a", "5");
    const [latest = ""] = (await pools("versions", "web")).stdout.split("\n").slice(1);
    const version = Number(latest.trim().split(/\s+/)[0]);
    const detail = await pools("versions", "web", `${version}`);
    expect(detail.stdout).toContain(`pool web, version ${version}, in force since`);
    expect(detail.stdout).toMatch(/^ {2}[~+] origins\[a\]\.weight: /m);
    const back = await pools("rollback", "web", `${version - 1}`, "-m", "too much for a");
    expect(back.stdout).toBe(
      `pool web: version ${version + 1} is in force, with the configuration of version ${version - 1}\n`,
    );
    const json = JSON.parse((await pools("versions", "web", "--json")).stdout);
    expect(json.versions[0]).toMatchObject({ version: version + 1, who: "admin", message: "too much for a" });
  });

  test("of the routes with --routes", async () => {
    const { code, stdout } = await pools("versions", "--routes");
    expect(code).toBe(0);
    expect(stdout).toMatch(/VERSION|no versions yet/);
  });
});

describe("check-now", () => {
  test("shows what each probe saw, and answers no if one failed", async () => {
    expect(await pools("check-now", "web")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^a {2}passed +\S+ {2}.*\nb {2}passed/),
    });
  });
});

describe("events", () => {
  test("of all pools, and of one with --json, oldest first", async () => {
    const all = await pools("events");
    expect(all.stdout).toMatch(/ {2}web {2}config_applied/);
    expect(all.stdout).toMatch(/ {2}plain {2}config_applied/);
    const { stdout } = await pools("events", "web", "--json", "--limit", "1000");
    const times = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).at as number);
    expect(times.length).toBeGreaterThan(3);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  test("--follow tells of each event once, as it happens, until Ctrl-C", async () => {
    const following = startPools(["events", "web", "--follow", "--limit", "1"], where());
    await eventually("the last one", () => following.stdout.includes("\n"));
    await pools("drain", "web", "b");
    await eventually("the drain", () => following.stdout.includes("web/b  drain_started"));
    await pools("undrain", "web", "b");
    await eventually("its end", () => following.stdout.includes("web/b  undrained"));
    expect(await following.signal("SIGINT")).toEqual({ code: 0, signal: null });
    expect(following.stdout.match(/drain_started/g)).toHaveLength(1);
  });
});

describe("tail --file", () => {
  test("shows requests of the log as they come, those that are wanted", async () => {
    const tailing = startPools(["tail", "--file", logFile, "--path", "/tailed"]);
    await fetchRaw(balancer.url, "/other");
    await fetchRaw(balancer.url, "/tailed/1?secret=1");
    await eventually("the request", () =>
      /200 {2}GET \/tailed\/1 {2}web\/[ab] {2}algorithm/.test(tailing.stdout),
    );
    await fetchRaw(balancer.url, "/tailed/2");
    await eventually("the next", () => tailing.stdout.includes("/tailed/2"));
    expect(await tailing.signal("SIGINT")).toEqual({ code: 0, signal: null });
    expect(tailing.stdout).not.toMatch(/other|secret/);
  });

  test("a missing file is reported", async () => {
    const { code, stderr } = await poolsHere(["tail", "--file", "/nowhere/x.log"]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "/nowhere/x.log cannot be read: no such file or directory\n",
    });
  });
});

describe("push, diff and pull", () => {
  test("use LB_URL if nothing else names a place", async () => {
    const { code, stdout } = await pools("pull", join(directory, "pulled.json"));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`4 pools and 2 routes from ${balancer.url}`),
    });
  });
});

test("undrain says that it cannot end the drain of an origin that is being removed", async () => {
  const removed = await fetch(`${balancer.url}/_lb/pools/leaving/origins/b`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(removed.status).toBe(200);
  expect(await pools("undrain", "leaving", "b")).toEqual({
    code: 1,
    stdout: "leaving/b drains on: the configuration has it no more, add it again\n",
    stderr: "",
  });
});
