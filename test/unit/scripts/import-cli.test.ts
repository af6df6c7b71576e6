import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { poolsHere } from "../../support/pools-command.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Not `process.execPath`: the tests may run under a Node that cannot run TypeScript.
const node = join(root, "node_modules/.bin/node");
const directory = mkdtempSync(join(tmpdir(), "import-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));

const FIXTURES = "test/unit/fixtures/import";
const CLOUDFLARE = ["pools", "monitors", "load-balancers"].map(
  (kind) => `${FIXTURES}/cloudflare-${kind}.json`,
);

// In both fixtures a pool is there that no route leads to, and what else is odd in them stays odd.
const CLOUDFLARE_WARNINGS = [
  "pools.legacy: no route leads to this pool",
  "pools.legacy.origins: no origin takes new clients, because all origins are switched off: they get 503",
];
const NGINX_WARNINGS = [
  "pools.api.failover.retry_non_idempotent: a POST that fails may run twice, at two origins",
  "pools.api-2.failover.retry_non_idempotent: a POST that fails may run twice, at two origins",
  "pools.unused: no route leads to this pool",
];

function pools(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(node, ["scripts/pools.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("npm run pools -- import", () => {
  it.each([
    ["cloudflare", CLOUDFLARE, ["--name", "203.0.113.17=fra-3.shop.example"], CLOUDFLARE_WARNINGS],
    ["nginx", [`${FIXTURES}/nginx/nginx.conf`], ["--scheme", "https"], NGINX_WARNINGS],
    ["nginx", [`${FIXTURES}/nginx/nginx.conf`], [], NGINX_WARNINGS],
  ])(
    "%s: what it prints passes check, which warns of what was so before; what is not the same is on stderr",
    (format, files, options, warnings) => {
      const imported = pools("import", format, ...files, ...options);
      expect(imported.status).toBe(0);
      for (const heading of ["Needs your hand", "Done, not quite the same", "Left out without effect"]) {
        expect(imported.stderr).toMatch(new RegExp(`^${heading} \\(\\d+\\):$`, "m"));
      }
      const path = join(directory, `${format}.json`);
      writeFileSync(path, imported.stdout);
      const { status, stderr } = pools("check", path);
      expect(status).toBe(0);
      expect(
        stderr
          .replaceAll(/^.*:\d+:\d+: warning: /gm, "")
          .trimEnd()
          .split("\n"),
      ).toEqual(warnings);
    },
  );

  it("--out writes the same into a file and leaves stdout empty", () => {
    const out = join(directory, "out.json");
    const { stdout } = pools("import", "cloudflare", ...CLOUDFLARE);
    expect(pools("import", "cloudflare", ...CLOUDFLARE, "--out", out)).toMatchObject({
      status: 0,
      stdout: "",
    });
    expect(readFileSync(out, "utf8")).toBe(stdout);
  });

  it("--local keeps IP addresses, for check --local", () => {
    const file = join(directory, "local.conf");
    const out = join(directory, "local.json");
    writeFileSync(file, "upstream a { server 127.0.0.1:8080; server 127.0.0.1:8081; }");
    expect(pools("import", "nginx", file, "--local", "--out", out).status).toBe(0);
    expect(pools("check", out).status).toBe(2);
    expect(pools("check", "--local", out).status).toBe(0);
  });

  it("refuses a bad file with its place, exits with 2 and writes nothing", () => {
    const file = join(directory, "bad.conf");
    const out = join(directory, "never.json");
    writeFileSync(file, "upstream a {\n  server a.example.com\n}");
    expect(pools("import", "nginx", file, "--out", out)).toEqual({
      status: 2,
      stdout: "",
      stderr: `${file}:2:3: "server" is not ended by ";"\n`,
    });
    expect(existsSync(out)).toBe(false);
  });

  it.each<[args: string[], reason: string]>([
    [[], "import takes cloudflare, haproxy or nginx"],
    [["caddy", "x"], 'import knows cloudflare, haproxy or nginx, not "caddy"'],
    [["nginx"], "import takes at least one file"],
    [["nginx", "x", "--scheme", "ftp"], '--scheme: "ftp" is neither http nor https'],
    [["nginx", "x", "--name", "10.0.0.1"], '--name: "10.0.0.1" is not ADDRESS=HOSTNAME'],
    [["haproxy", "/nowhere/x"], "/nowhere/x: cannot be read: no such file or directory"],
    [["nginx", "/nowhere/x"], "/nowhere/x: cannot be read: no such file or directory"],
    [["cloudflare", "/nowhere/x"], "/nowhere/x: cannot be read: no such file or directory"],
    [
      ["cloudflare", ...CLOUDFLARE, "--out", "/nowhere/x"],
      "/nowhere/x: cannot be written: no such file or directory",
    ],
  ])("import %j exits with 2", async (args, reason) => {
    const { code, stdout, stderr } = await poolsHere(["import", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });
});
