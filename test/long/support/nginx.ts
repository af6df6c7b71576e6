/**
 * nginx itself, to compare with. Debian's package nginx-light has all that is needed.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchRaw } from "../../system/support/client.ts";
import { eventually } from "../../system/support/eventually.ts";

/** nginx itself takes a variable NGINX for sockets that it inherits. */
const NGINX = process.env.NGINX_PROGRAM ?? "/usr/sbin/nginx";

/** False: such tests are left out. CI has it, or fails. */
export const HAS_NGINX = existsSync(NGINX) || process.env.CI !== undefined;

/** Resolves once it answers at `url`. @param directory for its own files, and for relative names */
export async function startNginx(directory: string, main: string, url: string): Promise<ChildProcess> {
  const errors = join(directory, "error.log");
  const globals = `daemon off; master_process off; pid ${directory}/pid; error_log ${errors};`;
  const nginx = spawn(NGINX, ["-p", directory, "-c", main, "-e", errors, "-g", globals], {
    stdio: "inherit",
  });
  await eventually("nginx answers", () => fetchRaw(url, "/").catch(() => undefined));
  return nginx;
}

/** What `nginx -T` prints of the configuration. */
export function dumpNginx(directory: string, main: string): Buffer {
  const args = ["-T", "-q", "-p", directory, "-c", main, "-g", `pid ${directory}/pid;`];
  return execFileSync(NGINX, args, { stdio: ["ignore", "pipe", "ignore"] });
}
