/**
 * Reads the CPU time of other processes from the operating system's accounting.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds of a clock tick: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;

/**
 * CPU time that the processes have used, user and system, in microseconds. Each thread's `schedstat` counts
 * nanoseconds; on a kernel without it, `stat` counts ticks of 10 ms.
 */
export function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (threadsMicros(pid) ?? ticksMicros(pid)), 0);
}

function threadsMicros(pid: number): number | null {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    }
    return nanoseconds / 1_000;
  } catch {
    return null;
  }
}

function ticksMicros(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** The ids of this process' descendants that run a program of that name. */
export function descendants(name: string): number[] {
  const parents = new Map<number, number>();
  const named: number[] = [];
  for (const entry of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const pid = Number(entry);
    try {
      parents.set(pid, Number(fieldsOf(pid)[1]));
      if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === name) named.push(pid);
    } catch {
      // The process ended in the meantime.
    }
  }
  return named.filter((pid) => isOurs(pid, parents));
}

function isOurs(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === process.pid) return true;
  }
  return false;
}

/** The fields of `/proc/PID/stat` from the state on. The name before it may contain blanks, so it is cut off. */
function fieldsOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
