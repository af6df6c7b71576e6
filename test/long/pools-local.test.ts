/**
 * `npm run pools -- diff`, `push` and `pull` through the KV on this machine, without a balancer. Each starts wrangler
 * several times, which takes seconds.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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
