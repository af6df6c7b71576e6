/** Commands whose output nobody takes any more, or nothing can hold. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Not `process.execPath`: the tests may run under a Node that cannot run TypeScript.
const node = join(root, "node_modules/.bin/node");
const directory = mkdtempSync(join(tmpdir(), "closed-output-"));
afterAll(() => rmSync(directory, { recursive: true }));

const FULL = "/dev/full";
const IMPORT = ["import", "nginx", "test/unit/fixtures/import/nginx/nginx.conf"];

function pools(args: readonly string[], stdout: "pipe" | number) {
  const child = spawn(node, ["scripts/pools.ts", ...args], { cwd: root, stdio: ["ignore", stdout, "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({ code: Number(code), stderr }));
  return { child, ended };
}

it.each([[IMPORT], [["check", "examples/canary.jsonc"]], [["--help"]]])(
  "%j is done all the same when its reader has gone",
  async (args) => {
    const { child, ended } = pools(args, "pipe");
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|\bat .*\.ts/);
  },
);

it.skipIf(!existsSync(FULL)).each([[IMPORT], [["check", "examples/canary.jsonc"]]])(
  "%j fails if its output cannot be written",
  async (args) => {
    const { code, stderr } = await pools(args, openSync(FULL, "w")).ended;
    expect(code).toBe(3);
    expect(stderr).toContain("standard output cannot be written: no space left on device\n");
  },
);

it("tail ends when its reader has gone", async () => {
  const file = join(directory, "log.jsonl");
  const line = `${JSON.stringify({ event: "config_applied", document: "routes" })}\n`;
  writeFileSync(file, line);
  const { child, ended } = pools(["tail", "--file", file, "--json"], "pipe");
  if (child.stdout === null) throw new Error("no output");
  expect(String(await once(child.stdout, "data"))).toBe(line);
  child.stdout.destroy();
  // As in `tail | head -1`, it notices with the next line.
  const more = setInterval(() => appendFileSync(file, line), 100);
  onTestFinished(() => clearInterval(more));
  expect(await ended).toEqual({ code: 0, stderr: "" });
});
