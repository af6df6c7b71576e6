/** Every command of docs/admin-api.md, run by a shell in its order against the started program. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { PROJECT } from "./support/processes.ts";

const sh = promisify(execFile);
const TOKEN = "a-token-for-the-docs";

let balancer: Balancer;

beforeAll(async () => {
  const web = { origins: [{ id: "a", url: "http://127.0.0.1:1" }] };
  balancer = await startBalancer({
    config: { pools: { web } },
    adminToken: TOKEN,
    expects: [
      // The page makes a second pool before it writes routes.
      /"document":"routes","event":"config_refused"/,
      // Its pool's origins have names that nobody has; the runtime says so in two lines.
      /failed to lookup address information/,
      /^stack: .*wdErrId/,
    ],
  });
});

afterAll(() => balancer?.kill());

test("answer as the page says", async () => {
  const page = readFileSync(join(PROJECT, "docs/admin-api.md"), "utf8");
  const commands = [...page.matchAll(/^(lb .*?)\s+# (\d{3})$/gm)].map(([, command = "", status = ""]) => ({
    command,
    status,
  }));
  expect(commands.length).toBe([...page.matchAll(/^lb (?!\()/gm)].length);
  expect(commands.length).toBeGreaterThan(25);
  const helper = /^lb\(\) .*$/m.exec(page)?.[0].replace("curl ", "curl -o /dev/null -w '%{http_code}' ");
  const env = { ...process.env, LB: `${balancer.url}/_lb`, TOKEN };
  const answers = [];
  for (const { command } of commands) {
    const { stdout } = await sh("bash", ["-c", `${helper}\n${command}`], { env });
    answers.push({ command, status: stdout });
  }
  expect(answers).toEqual(commands);
});
