/**
 * `npm run pools -- diff`, `push` and `pull` through the KV on this machine. Each starts wrangler several times, which
 * takes seconds.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startBalancer } from "../system/support/balancer.ts";
import { fetchRaw } from "../system/support/client.ts";
import { eventually } from "../system/support/eventually.ts";
import { startOrigins } from "../system/support/origins.ts";
import { runPools } from "../system/support/pools.ts";
import { temporaryDirectory } from "../system/support/processes.ts";

const pool = (...names: string[]) => ({
  origins: names.map((id) => ({ id, url: `https://${id}.example.com` })),
});

function file(config: unknown): string {
  const path = join(temporaryDirectory(), "lb.jsonc");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

const local = (state: string, command: string, ...args: string[]) =>
  runPools([command, ...args, "--local", "--state", state]);

test("a pushed configuration is pulled without differences, without a balancer", async () => {
  const state = temporaryDirectory();
  const config = {
    routes: [{ path: "/other/*", pool: "other" }, { pool: "web" }],
    pools: { other: pool("a"), web: pool("a", "b") },
  };
  const path = file(config);
  const pushed = await local(state, "push", path);
  expect(pushed).toMatchObject({ code: 0, stderr: "" });
  expect(pushed.stdout).toContain("pool other: written\npool web: written\nroutes: written\n");
  const pulled = join(temporaryDirectory(), "pulled.json");
  expect((await local(state, "pull", pulled)).stdout).toBe(
    `${pulled}: 2 pools and 2 routes from the local KV in ${state}\n`,
  );
  expect(JSON.parse(readFileSync(pulled, "utf8"))).toEqual(config);
  expect(await local(state, "push", pulled)).toMatchObject({ code: 0, stderr: "" });
  expect((await local(state, "diff", path)).stdout).toBe(`the local KV in ${state} has what ${path} says\n`);
});

test("pools are removed only if that is confirmed", async () => {
  const state = temporaryDirectory();
  await local(state, "push", file({ pools: { web: pool("a"), old: pool("b") } }));
  const path = file({ pools: { web: pool("a") } });
  expect(await local(state, "push", path)).toMatchObject({ code: 2 });
  expect((await local(state, "diff", path)).stdout).toContain("- pool old\n\n1 document: 1 to remove");
  expect((await local(state, "push", path, "--yes")).stdout).toContain("pool old: removed");
  expect((await local(state, "diff", path)).code).toBe(0);
});

test("a push reaches a balancer that runs on that state", async () => {
  const state = temporaryDirectory();
  const [a, b] = await startOrigins("a", "b");
  if (a === undefined || b === undefined) throw new Error("two were asked for");
  onTestFinished(() => Promise.all([a.kill(), b.kill()]).then(() => undefined));
  const only = (origin: typeof a) => ({ pools: { web: { origins: [origin.config()] } } });
  const balancer = await startBalancer({ config: only(a), state });
  onTestFinished(() => balancer.kill());
  const answeredBy = async () => (await fetchRaw(balancer.url, "/")).headers["x-origin"];
  expect(await answeredBy()).toBe("a");
  expect(await local(state, "push", file(only(b)))).toMatchObject({ code: 0 });
  await eventually("b", async () => (await answeredBy()) === "b");
});

test("a pull from an empty KV has nothing to write", async () => {
  const path = join(temporaryDirectory(), "pulled.json");
  const { code, stderr } = await local(temporaryDirectory(), "pull", path);
  expect(code).toBe(3);
  expect(stderr).toContain("has no pools");
});
