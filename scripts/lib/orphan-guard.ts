/**
 * Ends the runtime if the launcher has ended, and the launcher if the npm that started it has ended. Without this a
 * SIGKILL would leave these processes running.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const PARENT_POLL_MS = 500;

/** Waits for the end of its input, which comes when the launcher ends for any reason, then ends the process `$0`. */
const GUARD_SCRIPT = 'cat >/dev/null; kill -9 "$0" 2>/dev/null';

/** Guards every workerd that this process starts from now on; Miniflare starts a new one after a crash. */
export function guardWorkerd(): void {
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    child.once("spawn", () => {
      if (basename(child.spawnfile).startsWith("workerd")) guard(child);
    });
  });
}

function guard(workerd: ChildProcess): void {
  // Detached, because it must survive the end of the launcher's process group.
  const guardian = spawn("sh", ["-c", GUARD_SCRIPT, String(workerd.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guardian.once("error", (error) => console.error(`no guard for the runtime: ${error.message}`));
  guardian.unref();
  // The pid may soon belong to another process.
  workerd.once("exit", () => guardian.kill("SIGKILL"));
}

/**
 * Calls back once if npm, or the shell between npm and this process, has ended. A killed npm passes no signal on.
 * A launcher that was not started by npm may outlive its parent.
 */
export function onNpmGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const started = ancestors();
  const poll = setInterval(() => {
    if (ancestors() === started) return;
    clearInterval(poll);
    callback();
  }, PARENT_POLL_MS);
  poll.unref();
}

/** The parent, and its parent if /proc has it. */
function ancestors(): string {
  const { ppid } = process;
  try {
    // `PID (NAME) STATE PPID ...`; the name may contain any characters.
    const [, parentOfParent] =
      readFileSync(`/proc/${ppid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return `${ppid} ${parentOfParent}`;
  } catch {
    return `${ppid}`;
  }
}
