/**
 * Measures the cost of a Worker's start in two parts: from the start of workerd until it listens (it has parsed and run
 * the code by then), and from there to the first answer (a balancer reads its configuration and asks its object). Each
 * figure includes the process itself, so compare it with that of the bare pass-through.
 * @module
 */
import { stat } from "node:fs/promises";
import { cpuMicros } from "./cpu.ts";
import { median } from "./measure.ts";
import type { Subject } from "./subjects.ts";

/** A Worker that can be started any number of times. */
export interface Startable {
  readonly title: string;
  /** Its code. */
  readonly bundle: string;
  readonly path: string;
  start(): Promise<Subject>;
}

/** CPU is the process's, all in ms. */
interface Start {
  /** From the start of the process until it listens. */
  readonly startCpuMs: number;
  /** From the request to its answer. */
  readonly answerCpuMs: number;
  readonly answerMs: number;
}

/** Medians of all starts. */
export interface Starts extends Start {
  readonly title: string;
  readonly bytes: number;
}

/** Starts each Worker `times` times, in turns. */
export async function measureStarts(workers: readonly Startable[], times: number): Promise<Starts[]> {
  const starts = workers.map((): Start[] => []);
  for (let time = 0; time < times; time++) {
    for (const [index, worker] of workers.entries()) starts[index]?.push(await startOnce(worker));
  }
  return Promise.all(
    workers.map(async ({ title, bundle }, index) => {
      const middle = (field: keyof Start): number => median((starts[index] ?? []).map((each) => each[field]));
      return {
        title,
        bytes: (await stat(bundle)).size,
        startCpuMs: middle("startCpuMs"),
        answerCpuMs: middle("answerCpuMs"),
        answerMs: middle("answerMs"),
      };
    }),
  );
}

async function startOnce({ path, start }: Startable): Promise<Start> {
  const subject = await start();
  try {
    const startCpuMs = cpuMicros(subject.pids) / 1_000;
    const askedMs = performance.now();
    const response = await fetch(`${subject.url}${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const answerMs = performance.now() - askedMs;
    return { startCpuMs, answerMs, answerCpuMs: cpuMicros(subject.pids) / 1_000 - startCpuMs };
  } finally {
    await subject.stop();
  }
}
