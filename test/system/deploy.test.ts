/** `npm run deploy` from a clone, as far as it goes without an account: checks, build, and what it would do. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Running } from "./support/balancer.ts";
import { temporaryDirectory } from "./support/processes.ts";

/** No account, and nobody to ask. */
const ENV = { CI: "1", CLOUDFLARE_API_TOKEN: "", WRANGLER_LOG: "log" };

async function run(...args: string[]) {
  const running = new Running("npm", ["run", "--silent", "deploy", "--", ...args], ENV);
  const { code } = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

describe("a dry run", () => {
  test("builds the Worker and says what a deploy would do", async () => {
    const { code, stdout } = await run("--dry-run", "--config", "examples/everything.jsonc");
    expect(code).toBe(0);
    for (const binding of ["POOLS", "UPSTREAM_POOL", "ROUTE_TABLE"])
      expect(stdout).toContain(`env.${binding}`);
    expect(stdout).toContain("ADMIN_TOKEN, AFFINITY_SECRET");
    expect(stdout).toContain("bring examples/everything.jsonc, which is valid, to KV");
  });
});

describe("it is refused", () => {
  test("with the errors of a bad configuration, before anything is built", async () => {
    const file = join(temporaryDirectory(), "bad.jsonc");
    writeFileSync(
      file,
      '{ "pools": { "web": {\n  "origins": [{ "id": "a", "url": "http://10.0.0.1" }] } } }',
    );
    const { code, stdout, stderr } = await run("--config", file);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`${file}:2:`);
    expect(stderr).toContain("nothing was deployed");
  });

  test.each([[["--nonsense"]], [["stray"]]])("%j with the usage", async (args) => {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Usage: npm run deploy")]);
  });
});
