/** The commands of examples/github-actions/pools.yml as they stand there, by the shell that GitHub uses. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchAlone } from "./support/client.ts";

const ROOT = join(import.meta.dirname, "../..");
const TOKEN = "pipeline-test-token";
const ORIGIN = { id: "a", url: "https://a.example.com" };
const file = readFileSync(join(ROOT, "examples/github-actions/pools.yml"), "utf8");
/** Those that run in balancer/, without the first, which installs. */
const [, ...commands] = [...file.matchAll(/^\s*(?:- )?run: (.+)$/gm)].map(([, command = ""]) => command);

let balancer: Balancer;
const checkout = mkdtempSync(join(tmpdir(), "edge-balancer-pipeline-"));

beforeAll(async () => {
  balancer = await startBalancer({
    adminToken: TOKEN,
    config: { pools: { web: { origins: [ORIGIN] }, old: { origins: [ORIGIN] } }, routes: [{ pool: "web" }] },
  });
  symlinkSync(ROOT, join(checkout, "balancer"));
});

afterAll(async () => {
  await balancer?.stop();
  rmSync(checkout, { recursive: true });
});

test("check, diff and push do what the workflow says, and a version keeps the commit and who pushed it", async () => {
  expect(commands).toHaveLength(3);
  const pools = { web: { origins: [{ ...ORIGIN, weight: 3 }], algorithm: "weighted_round_robin" } };
  writeFileSync(join(checkout, "pools.jsonc"), JSON.stringify({ routes: [{ pool: "web" }], pools }));
  const [check, diff, push] = commands.map((command) => run(command));
  expect(check).toMatchObject({ status: 0 });
  expect(diff).toMatchObject({ status: 0 });
  expect(diff?.stdout).toContain("weight");
  expect(push).toMatchObject({ status: 0 });
  const headers = { authorization: `Bearer ${TOKEN}` };
  const ask = async (path: string) =>
    await (await fetchAlone(`${balancer.url}/_lb${path}`, { headers })).json();
  const { pools: left } = (await ask("/pools")) as { pools: { id: string }[] };
  expect(left.map(({ id }) => id)).toEqual(["web"]);
  const { versions } = (await ask("/pools/web/versions")) as { versions: { message?: string }[] };
  expect(versions[0]?.message).toBe("01234567 by kim");
  expect(run(commands[1] ?? "").stdout).not.toContain("weight");
});

test("a file with an error ends the workflow at its first command", () => {
  writeFileSync(join(checkout, "pools.jsonc"), '{ "pools": { "web": { "origin": [] } } }');
  expect(run(commands[0] ?? "").status).toBe(2);
});

function run(command: string) {
  // npm takes the folder that a link leads to for its own; the file lies beside the link.
  const text = command.replaceAll("../pools.jsonc", join(checkout, "pools.jsonc"));
  return spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", text], {
    cwd: join(checkout, "balancer"),
    encoding: "utf8",
    env: {
      ...process.env,
      LB_URL: balancer.url,
      LB_ADMIN_TOKEN: TOKEN,
      GITHUB_SHA: "0123456789abcdef",
      GITHUB_ACTOR: "kim",
    },
  });
}
