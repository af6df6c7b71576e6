/** How the program ends, whoever ends it and whatever it does then; and that a full disk does not end it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Balancer, type BalancerOptions, Running, startBalancer } from "../system/support/balancer.ts";
import { fetchRaw } from "../system/support/client.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Origin, startOrigin } from "../system/support/origins.ts";
import { isRunning, temporaryDirectory } from "../system/support/processes.ts";

let a: Origin;
let started: { kill(): Promise<void> }[] = [];

beforeAll(async () => {
  a = await startOrigin("a");
});

afterEach(async () => {
  for (const each of started) await each.kill();
  started = [];
});

afterAll(() => a?.kill());

async function start(options: BalancerOptions): Promise<Balancer> {
  const balancer = await startBalancer(options);
  started.push(balancer);
  return balancer;
}

/** A file with this text. */
function file(text: string): string {
  const path = join(temporaryDirectory(), "config.jsonc");
  writeFileSync(path, text);
  return path;
}

const only = (origin: Origin) => ({ pools: { web: { origins: [origin.config()] } } });

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it cleanly, with a request open", async (signal) => {
  const balancer = await start({ config: only(a) });
  const runtime = balancer.runtimePid;
  await a.behave({ fault: "hang" });
  const open = fetchRaw(balancer.url, "/").catch(() => "broken off");
  await eventually("the request to arrive", async () => (await a.hits()).at(-1)?.url === "/");
  expect(await balancer.running.signal(signal)).toEqual({ code: 0, signal: null });
  expect(isRunning(runtime)).toBe(false);
  expect(await open).toBe("broken off");
  await a.behave();
});

test("the runtime does not outlive a launcher that is killed", async () => {
  const balancer = await start({ config: only(a) });
  const runtime = balancer.runtimePid;
  balancer.running.process.kill("SIGKILL");
  await eventually("workerd to end", () => !isRunning(runtime));
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s to npm ends what npm started", async (signal) => {
  const npm = new Running("npm", ["start", "--", "--config", file(JSON.stringify(only(a))), "--port", "0"]);
  started.push(npm);
  const url = await npm.ready();
  expect((await fetchRaw(url, "/")).status).toBe(200);
  npm.process.kill(signal);
  await eventually("nobody to answer", () =>
    fetchRaw(url, "/").then(
      () => false,
      () => true,
    ),
  );
});

test("a log that cannot be written any more, as on a full disk, stops no request", async () => {
  const expects = [/^--log \/dev\/full: no more lines are written: ENOSPC/];
  const balancer = await start({ config: only(a), args: ["--log", "/dev/full"], expects });
  for (let requests = 0; requests < 3; requests++) {
    expect((await fetchRaw(balancer.url, "/")).status).toBe(200);
  }
  await eventually("the complaint", () => balancer.logs().includes("no more lines are written"));
  expect((await fetchRaw(balancer.url, "/")).status).toBe(200);
  await balancer.stop();
});
