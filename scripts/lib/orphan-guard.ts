/**
 * Sees to it that the runtime does not outlive the launcher, and the launcher not the npm that started it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const PARENT_POLL_MS = 500;

/** Waits for the end of its input, which is the launcher's end whatever the cause, then ends the process `$0`. */
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
  // Detached: it must not end with the process group that it guards against.
  const guardian = spawn("sh", ["-c", GUARD_SCRIPT, String(workerd.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guardian.once("error", (error) => console.error(`no guard for the runtime: ${error.message}`));
  guardian.unref();
  // The pid may soon be another process's.
  workerd.once("exit", () => guardian.kill("SIGKILL"));
}

/**
 * Calls back once if npm, or the shell that npm puts in between, is gone: killed, it could not pass a signal on.
 * A launcher that was not started by npm may well outlive its parent.
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

/** The parent and, where /proc tells, its parent. */
function ancestors(): string {
  const { ppid } = process;
  try {
    // `PID (NAME) STATE PPID ...`; the name may hold anything.
    const [, parentOfParent] =
      readFileSync(`/proc/${ppid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return `${ppid} ${parentOfParent}`;
  } catch {
    return `${ppid}`;
  }
}
