/**
 * `node bench/change-delay.ts`: measures how soon traffic follows an operator's write. It starts the balancer on
 * loopback with two origins, sends a request every few milliseconds, and changes the pool and the routes repeatedly
 * through the admin API. It prints the milliseconds from the write to its answer and to the first request that goes the
 * new way, and how many later requests went the old way again.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "..");
const TOKEN = "change-delay";
const ROUNDS = 20;
const REQUEST_INTERVAL_MS = 4;
/** How long to watch for requests that go the old way, after a request went the new way. */
const WATCH_MS = 1_500;
const LONGEST_WAIT_MS = 15_000;

interface Measured {
  answeredMs: number;
  seenMs: number;
  flips: number;
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function origin(name: string) {
  const server = createServer((_request, response) => response.setHeader("x-name", name).end(name));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { id: name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function start(config: unknown) {
  const directory = mkdtempSync(join(tmpdir(), "change-delay-"));
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const args = ["scripts/start.ts", "--config", file, "--port", "0", "--admin-token", TOKEN];
  const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise<string>((ready, failed) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const found = /ready (\S+)/.exec(text)?.[1];
      if (found !== undefined) ready(found);
    });
    child.on("exit", () => failed(new Error("the balancer did not start")));
  });
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      await once(child, "exit");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @param write sends the change. @param after the origin that answers once the change is in force */
async function measure(url: string, write: () => Promise<Response>, after: string): Promise<Measured> {
  const beganMs = performance.now();
  let answeredMs = Number.NaN;
  const written = write().then(async (response) => {
    answeredMs = performance.now() - beganMs;
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  });
  let seenMs = Number.NaN;
  let flips = 0;
  while (!(performance.now() - beganMs > seenMs + WATCH_MS)) {
    if (performance.now() - beganMs > LONGEST_WAIT_MS) throw new Error("the change is not seen");
    const name = await (await fetch(url)).text();
    if (name === after && Number.isNaN(seenMs)) seenMs = performance.now() - beganMs;
    if (name !== after && !Number.isNaN(seenMs)) flips++;
    await sleep(REQUEST_INTERVAL_MS);
  }
  await written;
  return { answeredMs, seenMs, flips };
}

function report(what: string, measured: readonly Measured[]): void {
  const at = (values: number[], q: number) =>
    Math.round(values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN);
  const line = (values: number[]) =>
    `median ${at(values, 0.5)}, p90 ${at(values, 0.9)}, max ${at(values, 1)}`;
  const answered = line(measured.map(({ answeredMs }) => answeredMs));
  const seen = line(measured.map(({ seenMs }) => seenMs));
  const flips = measured.reduce((sum, each) => sum + each.flips, 0);
  console.log(
    `${what.padEnd(16)} answered: ${answered} ms; traffic follows: ${seen} ms; went back: ${flips}`,
  );
}

const [a, b] = await Promise.all([origin("a"), origin("b")]);
const only = ({ id, url }: { id: string; url: string }) => ({ origins: [{ id, url }] });
const pools = { web: only(a), other: only(b) };
const balancer = await start({ routes: [{ pool: "web" }], pools });
const send = (method: string, path: string, body?: unknown) =>
  fetch(`${balancer.url}/_lb${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
try {
  await (await fetch(balancer.url)).text();
  const configs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const next = round % 2 === 0 ? b : a;
    configs.push(await measure(balancer.url, () => send("PUT", "/pools/web", only(next)), next.id));
  }
  report("pool", configs);
  await send("PUT", "/pools/web", only(a));
  const routes: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const pool = round % 2 === 0 ? "other" : "web";
    const after = round % 2 === 0 ? "b" : "a";
    routes.push(await measure(balancer.url, () => send("PUT", "/routes", [{ pool }]), after));
  }
  report("routes", routes);
} finally {
  await balancer.stop();
  a.server.close();
  b.server.close();
}
