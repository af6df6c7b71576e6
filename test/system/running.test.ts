/**
 * Starting and reconfiguring the program, as a user does. How it ends is in test/long/stopping.test.ts.
 */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Balancer, type BalancerOptions, Running, runStart, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";
import { temporaryDirectory } from "./support/processes.ts";

let a: Origin;
let b: Origin;
let started: { kill(): Promise<void> }[] = [];

beforeAll(async () => {
  const [first, second] = await startOrigins("a", "b");
  if (first === undefined || second === undefined) throw new Error("two were asked for");
  [a, b] = [first, second];
});

afterEach(async () => {
  for (const each of started) await each.kill();
  started = [];
});

afterAll(async () => {
  await a?.kill();
  await b?.kill();
});

async function start(options: BalancerOptions): Promise<Balancer> {
  const balancer = await startBalancer(options);
  started.push(balancer);
  return balancer;
}

function run(...args: string[]): Running {
  const running = runStart(...args);
  started.push(running);
  return running;
}

/** A file with this text. */
function file(text: string): string {
  const path = join(temporaryDirectory(), "config.jsonc");
  writeFileSync(path, text);
  return path;
}

const only = (origin: Origin) => ({ pools: { web: { origins: [origin.config()] } } });
const answering = async (balancer: Balancer) => (await fetchRaw(balancer.url, "/")).headers["x-origin"];

describe("the command line", () => {
  test("--help lists the options", async () => {
    const running = run("--help");
    expect((await running.ended).code).toBe(0);
    expect(running.stdout).toContain("--config FILE");
  });

  test.each([
    [["--nonsense"], "--nonsense"],
    [["--port", "many"], '--port: "many" is not a port'],
    [["--port", "65536"], "--port"],
    [["--inspector-port", "9229x"], '--inspector-port: "9229x" is not a port'],
    [["--port", "9229", "--inspector-port", "9229"], "--inspector-port: 9229 is the balancer's own port"],
    [["stray"], "stray"],
    [["--config"], "--config"],
  ])("%j is refused with the usage and exit code 2", async (args, message) => {
    const running = run(...args);
    expect((await running.ended).code).toBe(2);
    expect(running.stderr).toContain(message);
    expect(running.stderr).toContain("Usage: npm start");
    expect(running.stdout).toBe("");
  });

  test("a bad configuration is refused with the errors of `pools check` and exit code 2", async () => {
    const path = file('{\n  "pools": {\n    "web": { "origins": [], "algoritm": "random" }\n  }\n}\n');
    const running = run("--config", path, "--port", "0");
    const check = new Running("npm", ["run", "--silent", "pools", "--", "check", path, "--local"]);
    expect((await running.ended).code).toBe(2);
    expect((await check.ended).code).toBe(2);
    const errors = running.stderr.trim().split("\n");
    expect(errors).toEqual(check.stderr.trim().split("\n").slice(-errors.length));
    expect(errors).toHaveLength(2);
    for (const error of errors) expect(error.startsWith(`${path}:3:`)).toBe(true);
    expect(running.stderr).toContain("algorithm");
  });

  test("a missing file is reported", async () => {
    const running = run("--config", "/nowhere/config.json");
    expect((await running.ended).code).toBe(2);
    expect(running.stderr).toContain("/nowhere/config.json: cannot be read");
  });

  test.each(["--port", "--inspector-port"])(
    "%s: an occupied port is reported, with exit code 1",
    async (flag) => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const running = run("--config", file(JSON.stringify(only(a))), "--port", "0", flag, String(port));
      expect((await running.ended).code).toBe(1);
      expect(running.stderr).toContain(
        `port ${port} on 127.0.0.1 is already in use: stop what listens there, or choose another with ${flag}`,
      );
      expect(running.stdout).toBe("");
      server.close();
    },
  );
});

test("standard output has the ready line only, and the log and a debugger are where the options ask for them", async () => {
  const port = await freePort();
  const log = join(temporaryDirectory(), "worker.log");
  const balancer = await start({ config: only(a), port, args: ["--log", log, "--inspector-port", "0"] });
  expect((await fetchRaw(balancer.url, "/logged")).headers["x-origin"]).toBe("a");
  const address = /^Debugger +(127\.0\.0\.1:\d+)$/m.exec(balancer.logs())?.[1];
  const targets = (await (await fetch(`http://${address}/json`)).json()) as { id: string }[];
  expect(targets.map(({ id }) => id)).toContain("core:user:edge-balancer");
  await balancer.stop();
  expect(balancer.running.stdout).toBe(`ready http://127.0.0.1:${port}\n`);
  expect(readFileSync(log, "utf8")).toContain('"/logged"');
  expect(balancer.logs()).not.toContain("/logged");
});

describe("the configuration file", () => {
  let balancer: Balancer;

  beforeAll(async () => {
    const expects = [
      // One of the tests writes a bad file.
      /:\d+:\d+: pools\.web\.origins: /,
      /: not applied, the configuration in force stays$/,
      // Another takes the routes away before the second pool is gone.
      /"document":"routes","event":"config_refused"/,
    ];
    balancer = await startBalancer({ config: only(a), expects });
  });

  /** As it was at the start. */
  beforeEach(async () => {
    balancer.writeConfig(only(a));
    await eventually("a to answer", async () => (await answering(balancer)) === "a");
  });

  afterAll(() => balancer?.stop());

  test("takes effect when it is saved, without a restart", async () => {
    balancer.writeConfig(only(b));
    await eventually("b to answer", async () => (await answering(balancer)) === "b");
    expect(balancer.logs()).toContain("applied pool:web");
  });

  test("can be broken and mended: until then the old one stays in force", async () => {
    balancer.writeConfig('{ "pools": { "web": { "origins": 1 } } }');
    await eventually("the complaint", () => balancer.logs().includes("the configuration in force stays"));
    expect(balancer.logs()).toContain(`${balancer.configFile}:1:`);
    expect(await answering(balancer)).toBe("a");
    balancer.writeConfig(only(b));
    await eventually("b to answer", async () => (await answering(balancer)) === "b");
  });

  test("adds and removes pools and routes", async () => {
    const two = {
      routes: [{ host: "b.test", pool: "b" }],
      pools: { ...only(a).pools, b: only(b).pools.web },
    };
    const forB = async () =>
      (await fetchRaw(balancer.url, "/", { headers: { host: "b.test" } })).headers["x-origin"];
    expect(await forB()).toBe("a");
    balancer.writeConfig(two);
    await eventually("the route to hold", async () => (await forB()) === "b");
    balancer.writeConfig(only(a));
    await eventually("the route to be gone", async () => (await forB()) === "a");
  });
});
