/**
 * `npm run pools -- diff`, `push` and `pull` through the admin API of a balancer that runs. What goes through wrangler
 * is in test/long: `--local` in pools-local.test.ts, `--remote` in pools-remote.test.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdminClient } from "../../scripts/lib/admin-client.ts";
import { changesTo } from "../../scripts/lib/config-changes.ts";
import { documentsOf } from "../../scripts/lib/config-documents.ts";
import type { WrittenConfig } from "../../scripts/lib/config-file.ts";
import { ApiStore } from "../../scripts/lib/stores/api-store.ts";
import { poolsHere } from "../support/pools-command.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { runPools } from "./support/pools.ts";
import { temporaryDirectory } from "./support/processes.ts";

const TOKEN = "cli-test-token";

let origins: Origin[];
let balancer: Balancer | undefined;

beforeAll(async () => {
  origins = await startOrigins("a", "b");
});

afterEach(async () => {
  await balancer?.kill();
  balancer = undefined;
});

afterAll(() => Promise.all((origins ?? []).map((origin) => origin.kill())));

const pool = (...names: string[]) => ({
  origins: origins.filter(({ name }) => names.includes(name)).map((origin) => origin.config()),
});

async function start(config: WrittenConfig, more: object = {}): Promise<Balancer> {
  // Some of the tests take the routes away, or add pools where there are none.
  const expects = [/"document":"routes","event":"config_refused"/];
  balancer = await startBalancer({ config, adminToken: TOKEN, expects, ...more });
  return balancer;
}

function file(config: unknown, name = "lb.jsonc"): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

/** On the balancer that runs, through its API. */
const viaApi = (command: string, ...args: string[]) =>
  poolsHere([command, ...args, "--url", balancer?.url ?? ""], { LB_ADMIN_TOKEN: TOKEN });

const answeredBy = async (url: string) => (await fetchRaw(url, "/")).headers["x-origin"];

describe("through the admin API", () => {
  test("what was pulled is valid, does not differ, and pushes nothing", async () => {
    const config = {
      routes: [{ path: "/a/*", pool: "a" }, { pool: "web" }],
      pools: { web: { ...pool("a", "b"), slow_start: 5 }, a: pool("a") },
    };
    await start(config);
    const pulled = join(temporaryDirectory(), "pulled.json");
    expect(await viaApi("pull", pulled)).toEqual({
      code: 0,
      stdout: `${pulled}: 2 pools and 2 routes from ${balancer?.url}\n`,
      stderr: "",
    });
    expect(JSON.parse(readFileSync(pulled, "utf8"))).toEqual(config);
    // As a user runs it, in a process of its own.
    expect((await runPools(["check", pulled, "--local"])).code).toBe(0);
    expect(await viaApi("diff", pulled)).toMatchObject({ code: 0, stderr: "" });
    expect(await viaApi("push", pulled)).toEqual({
      code: 0,
      stdout: `nothing to do: ${balancer?.url} has what ${pulled} says\n`,
      stderr: "",
    });
    const again = await viaApi("pull", pulled);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("is there already, and was left as it is: --force overwrites it");
    expect((await viaApi("pull", pulled, "--force")).code).toBe(0);
  });

  test("comments and layout of pools and routes are pushed and pulled again, for a token that may see them", async () => {
    const { url } = await start({ pools: { web: pool("a") } });
    const origin = JSON.stringify(pool("b").origins[0]);
    const text = `{
  "routes": [
    // everything
    { "pool": "web" },
  ],
  "pools": {
    "web": {
      /* moved */
      "origins": [
        ${origin}, // for now
      ],
    }
  }
}
`;
    expect(await viaApi("push", file(text))).toMatchObject({ code: 0, stderr: "" });
    await eventually("b", async () => (await answeredBy(url)) === "b");
    const pulled = join(temporaryDirectory(), "pulled.jsonc");
    expect(await viaApi("pull", pulled)).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(pulled, "utf8")).toBe(text);
    expect((await viaApi("diff", pulled)).code).toBe(0);
  });

  test("a push is in force at once, and a diff shows it before and nothing after", async () => {
    const { url } = await start({ pools: { web: pool("a") } });
    expect(await answeredBy(url)).toBe("a");
    const path = file(`{ "pools": { /* moved */ "web": ${JSON.stringify(pool("b"))}, } }`);
    const diff = await viaApi("diff", path);
    expect(diff).toMatchObject({ code: 1, stderr: "" });
    expect(diff.stdout).toContain("~ pool web\n    - origins[a]: ");
    expect(diff.stdout).toContain("1 document: 1 to change\n");
    const push = await viaApi("push", path);
    expect(push).toMatchObject({ code: 0, stderr: "" });
    expect(push.stdout).toContain("pool web: version 2\nin force now\n");
    expect(await eventually("b", async () => (await answeredBy(url)) === "b")).toBe(true);
    expect((await viaApi("diff", path)).code).toBe(0);
  });

  test("pools are removed only if that is confirmed", async () => {
    await start({ routes: [{ pool: "old" }], pools: { web: pool("a"), old: pool("b") } });
    const path = file({ pools: { web: pool("a"), new: pool("b") } });
    const refused = await viaApi("push", path);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("nothing written: this would remove routes, pool old from");
    expect((await viaApi("diff", path)).stdout).toContain("3 documents: 1 to add, 2 to remove");

    expect(await viaApi("push", path, "--keep")).toMatchObject({ code: 0, stderr: "" });
    expect((await viaApi("diff", path)).stdout).toBe(
      [
        `- ${balancer?.url}\n+ ${path}\n`,
        '- routes\n    - 1  {"pool":"old"}\n- pool old\n',
        "2 documents: 2 to remove\n",
      ].join("\n"),
    );

    const removed = await viaApi("push", path, "--yes");
    expect(removed).toMatchObject({ code: 0, stderr: "" });
    expect(removed.stdout).toContain("routes: removed\npool old: removed\n");
    expect((await viaApi("diff", path)).code).toBe(0);
  });

  test("a file with errors, or one that the balancer refuses, is told of with line and column", async () => {
    // This balancer takes no IP addresses, as in production; the command line leaves that to whoever is at loopback.
    const good = { origins: [{ id: "x", url: "https://x.example.com" }] };
    await start({ pools: { web: good } }, { vars: { ALLOW_IP_ORIGINS: "0" } });
    const path = file(`{ "pools": {
      "new": ${JSON.stringify(good)},
      "web": { "origins": [
        { "id": "a", "url": "http://127.0.0.1:1" } ] } } }`);
    const refused = await viaApi("push", path);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(
      `${path}:4:29: pools.web.origins[0].url: must have a DNS name as its host`,
    );
    expect(refused.stderr).toContain("only 1 document of 2 was written");
    expect(refused.stdout).toContain("pool new: version 1");

    const bad = file('{ "pools": {\n  "web": { "algoritm": "p2c" } } }');
    for (const command of ["push", "diff"]) {
      const { code, stdout, stderr } = await viaApi(command, bad);
      expect({ code, stdout }, command).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(`${bad}:2:12: pools.web.algoritm: unknown key, did you mean "algorithm"?`);
    }
  });

  test("a document that somebody else wrote meanwhile is left alone", async () => {
    const { url } = await start({ pools: { web: pool("a") } });
    const store = new ApiStore(new AdminClient(url, TOKEN));
    const changes = (config: WrittenConfig, stored: Awaited<ReturnType<typeof store.read>>) =>
      changesTo(documentsOf(config), stored);
    const seen = await store.read([]);
    await store.write(changes({ pools: { web: pool("b") } }, seen), () => {});
    const late = changes({ pools: { web: pool("a", "b"), new: pool("a") } }, seen);
    const done: string[] = [];
    await expect(store.write(late, (key) => done.push(key))).rejects.toThrow(
      "pool web: somebody else changed it meanwhile, so it was left alone",
    );
    expect(done).toEqual([]);
    expect((await store.read([])).get("pool:web")?.text).toContain('"b"');
  });
});
