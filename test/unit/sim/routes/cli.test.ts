/** `npm run simulate -- --routes`, as a user starts it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { refused, simulate } from "../support.ts";
import { threePools } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "simulate-routes-"));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const good = file("good.json", threePools());

describe("npm run simulate -- --routes", () => {
  it("prints the figures, writes the picture and the figures, and exits with 0", () => {
    const [svg, json] = [join(directory, "run.svg"), join(directory, "run.json")];
    const args = ["--rps", "150", "--seconds", "12", "--fail", "eu@3", "--from", "DE:2,tokyo"];
    const { status, stdout, stderr } = simulate(
      "--config",
      good,
      "--routes",
      ...args,
      "--out",
      svg,
      "--json",
      json,
    );
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(0);
    expect(stdout).toContain("3 routes, 4 pools");
    expect(stdout).toContain("from DE 66.67%, tokyo 33.33%");
    expect(stdout).toContain("routes[1] listed.test/*: in the order of the route");
    expect(stdout).toMatch(/^failure of eu at 3 s: last request \d\.\d\d s later; /m);
    expect(stdout).toContain("pools that are not available: left within 1.5 s");
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*Requests by pool: near\.test[\s\S]*<\/svg>\n$/);
    const results = JSON.parse(readFileSync(json, "utf8"));
    expect(results.routes.map(({ label }: { label: string }) => label)).toEqual([
      ...["near.test/*", "listed.test/*", "split.test/*"],
    ]);
    expect(results.promises).toEqual({ limit: null, pace: true, shares: null, left: true });
  });

  it("takes a file that the balancer takes, with a split and a fallback, as it is", () => {
    const { status, stdout } = simulate("--config", "examples/canary.jsonc", "--routes", "--seconds", "4");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^canary +\d+ +\d\.\d\d% /m);
    expect(stdout).toContain("pools' shares: as their statuses say");
  });

  it("exits with 1 where a promise is broken", () => {
    // News of the pool's failure is longer under way than isolates may take to leave it.
    const args = ["--rps", "100", "--seconds", "12", "--fail", "eu@4", "--latency", "3-1500"];
    const { status, stdout } = simulate("--config", good, "--routes", ...args);
    expect(stdout).toContain("BROKEN (asked later than 1.5 s after they said so)");
    expect(status).toBe(1);
  });

  it.each([
    [["--from", "DE,ZZ"], '--from: "ZZ" is no place; write a country in upper case (JP)'],
    [["--from", ""], '--from: "" is no place'],
    [["--from", "DE:0"], '--from: the share of DE must be a number above 0, got "0"'],
    [["--from", "DE:"], '--from: the share of DE must be a number above 0, got ""'],
    [["--from", "DE,FR,DE"], "--from: DE stands there twice"],
    [["--to", "near.test?x"], '--to: must be HOST/PATH, as in shop.example.com/cart:3, got "near.test?x"'],
    [["--to", "near.test:0"], "--to: must be a number from"],
    [["--fail", "xx@3"], 'a pool that is in no route: "xx"; routes name us, eu, ap, spare'],
    [["--drain", "eu/z@3"], 'pool eu has no origin "z"; it has eu-1, eu-2'],
    [["--fail", "eu/eu-1/x@3"], 'pool eu has no origin "eu-1/x"'],
    [["--fail", "eu@"], '--fail: must be POOL@SECOND or POOL/ORIGIN@SECOND, as in eu@20, got "eu@"'],
    [["--shed", "eu@3"], "--shed: must be POOL:PERCENT@SECOND, as in eu:50@20"],
    [["--shed", "eu:101@3"], "--shed: must be a number from 0 to 100"],
    [["--shed", "eu/eu-1:50@3"], "--shed: must be POOL:PERCENT@SECOND"],
    [["--pool", "eu"], "--pool: is one pool, and --routes all"],
    [["--regions", "3"], "--regions: with --routes clients are where --from says"],
    [["--way", "short"], "--way: with --routes requests take the whole way only"],
    [["--fail", "eu@60"], "--fail: eu@60 is not before the end of the run, which is after 60 s"],
    [["--shed", "eu:50@60"], "--shed: eu:50@60 is not before the end of the run, which is after 60 s"],
    [["--isolates", "3"], "--isolates: must be 12 or more, one for each place of --from"],
  ])("%j: exits with 2 and says what is wrong, without a trace", async (args, message) => {
    const { status, stderr } = await refused("--config", good, "--routes", ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(2);
  });

  it.each([
    [
      "no routes",
      { pools: threePools().pools },
      "has no routes; without --routes one of its pools is simulated",
    ],
    ["an unknown pool", { ...threePools(), routes: [{ pools: ["eu", "nil"] }] }, /:\d+:\d+: .*nil/],
    [
      "an order that is not there",
      { ...threePools(), routes: [{ pools: ["eu", "us"], steer: "latency" }] },
      /latency/,
    ],
  ])("refuses a file with %s", async (name, content, message) => {
    const { status, stderr } = await refused("--config", file(`${name}.json`, content), "--routes");
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it.each(["--from", "--to", "--shed"])("%s goes with it only", async (flag) => {
    const { status, stderr } = await refused("--config", good, flag, "DE");
    expect([status, stderr]).toEqual([2, `${flag}: goes with --routes only\n`]);
  });
});
