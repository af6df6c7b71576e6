/**
 * The balancer on a configuration, on this machine, for as long as something is compared with it: what `npm start` does.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Failure } from "../failure.ts";
import { PROJECT } from "../project.ts";

/**
 * Runs `work` while the balancer runs, and stops it whatever happens.
 * @param text the configuration
 * @throws Failure if it does not start
 */
export async function withLocalBalancer<T>(text: string, work: (url: URL) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "edge-balancer-compare-"));
  try {
    const config = join(directory, "config.json");
    await writeFile(config, text);
    const args = ["scripts/start.ts", "--config", config, "--port", "0", "--log", join(directory, "log")];
    const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] });
    const ended = once(child, "close");
    try {
      return await work(await readyUrl(child.stdout, child.stderr));
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The address in the `ready` line. @throws Failure with what was said instead */
async function readyUrl(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream): Promise<URL> {
  let said = "";
  stderr.setEncoding("utf8");
  stderr.on("data", (text: string) => {
    said += text;
  });
  for await (const line of createInterface({ input: stdout })) {
    const url = /^ready (\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    // Nobody may read further, but it must be able to write.
    stdout.resume();
    return new URL(url);
  }
  throw new Failure(`the balancer did not start on the result:\n${said}`);
}
