/**
 * Runs the active checks of a pool: who is due, at most six at a time, each verdict to the board.
 * @module
 */
import type { HealthCheckConfig, OriginConfig } from "../config/schema.ts";
import type { Clock, Random, Timers } from "../core/system.ts";
import { ProbeSchedule } from "./probe-schedule.ts";
import type { Probe, ProbeResult } from "./prober.ts";

/** What the operator sees of an origin's last probe. */
export interface LastProbe extends ProbeResult {
  /** Milliseconds since the epoch. */
  at: number;
}

/** Longest one round goes on taking newly due probes, so that an alarm always ends. */
const LONGEST_ROUND_MS = 30_000;

/** When all six are busy and one is overdue, there is no use in looking more often than this. */
const LEAST_WAIT_MS = 20;

export interface MonitorOptions {
  now: Clock;
  random: Random;
  timers: Timers;
  probe: Probe;
  /** Told of each verdict. */
  judge: (origin: string, passed: boolean, detail: string) => void;
}

export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #schedule: ProbeSchedule;
  readonly #last = new Map<string, LastProbe>();
  #check: HealthCheckConfig | null = null;
  #origins = new Map<string, OriginConfig>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#schedule = new ProbeSchedule(options.random);
  }

  configure(check: HealthCheckConfig | null, origins: readonly OriginConfig[], nowMs: number): void {
    this.#check = check;
    this.#origins = new Map(origins.map((origin) => [origin.id, origin]));
    this.#schedule.setOrigins(check === null ? [] : this.#origins.keys(), nowMs);
    for (const id of this.#last.keys()) if (!this.#origins.has(id)) this.#last.delete(id);
  }

  lastProbe(origin: string): LastProbe | null {
    return this.#last.get(origin) ?? null;
  }

  nextDueMs(): number {
    return this.#schedule.nextDueMs();
  }

  /**
   * Probes what is due and what becomes due meanwhile, until nothing is running.
   * @param meanwhile called every time something may have changed
   */
  async run(meanwhile: () => void): Promise<void> {
    const { now, timers } = this.#options;
    const startedMs = now();
    const running = new Set<Promise<void>>();
    for (;;) {
      const mayStart = now() - startedMs < LONGEST_ROUND_MS;
      for (let id = mayStart ? this.#schedule.take(now()) : null; id !== null; ) {
        const started = this.#probe(id).finally(() => running.delete(started));
        running.add(started);
        id = this.#schedule.take(now());
      }
      if (running.size === 0) return;
      await firstOf(running, Math.max(LEAST_WAIT_MS, this.#schedule.nextDueMs() - now()), timers);
      meanwhile();
    }
  }

  async #probe(id: string): Promise<void> {
    const check = this.#check;
    const origin = this.#origins.get(id);
    if (check === null || origin === undefined) return;
    const result = await this.#options.probe(check, origin);
    const at = this.#options.now();
    this.#schedule.done(id, result.timedOut, check.interval * 1_000, at);
    this.note(id, result, at);
  }

  /** What a probe saw, at `at` in ms since the epoch. */
  note(id: string, result: ProbeResult, at: number): void {
    // The configuration may have moved on while the probe was out.
    if (!this.#origins.has(id)) return;
    this.#last.set(id, { ...result, at });
    this.#options.judge(id, result.passed, result.detail);
  }
}

/** Until one of them is over, or the time is. */
async function firstOf(running: Iterable<Promise<void>>, mostMs: number, timers: Timers): Promise<void> {
  let timer: unknown;
  const time = new Promise<void>((resolve) => {
    timer = timers.set(resolve, Math.min(mostMs, LONGEST_ROUND_MS));
  });
  await Promise.race([...running, time]);
  timers.clear(timer);
}
