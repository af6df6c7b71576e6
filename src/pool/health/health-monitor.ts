/**
 * Runs the active checks of a pool: probes the origins that are due, at most six at a time, and gives each result to
 * the origins' states.
 * @module
 */
import type { HealthCheckConfig, OriginConfig } from "../../config/schema.ts";
import type { Clock, Random, Timers } from "../../core/system.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { Connections } from "./connections.ts";
import type { ProbeResult, RunProbe } from "./probe-result.ts";
import { ProbeSchedule } from "./probe-schedule.ts";

/** An origin's last probe, as shown to the operator. */
export interface LastProbe extends ProbeResult {
  /** Milliseconds since the epoch. */
  at: number;
}

/** Longest one round goes on taking newly due probes, so that an alarm always ends. */
const LONGEST_ROUND_MS = 30_000;

/** When all six are busy and one is overdue, there is no use in looking more often than this. */
const LEAST_WAIT_MS = 20;

/** A round that takes longer than this many intervals is late; alarms are not on time to the second. */
const LATE_INTERVALS = 2;
const LATE_SLACK_MS = 2_000;

export interface MonitorOptions {
  /** What probes may have. */
  connections: Connections;
  now: Clock;
  random: Random;
  timers: Timers;
  probe: RunProbe;
  /** Called with each result. */
  onResult: (origin: string, passed: boolean, detail: string) => void;
  /** Told when rounds begin, or cease, to take much longer than the interval. */
  events: EventSink;
}

export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #schedule: ProbeSchedule;
  readonly #last = new Map<string, LastProbe>();
  #check: HealthCheckConfig | null = null;
  #isLate = false;
  #origins = new Map<string, OriginConfig>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#schedule = new ProbeSchedule(options.random, options.connections);
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

  /** In how many ms each origin is probed once; null: nothing is known yet. */
  roundMs(): number | null {
    return this.#check === null ? null : this.#schedule.roundMs(this.#options.now());
  }

  /**
   * Probes all origins that are due or become due meanwhile, until no probe is running.
   * @param meanwhile called first, and every time something may have changed or it is due. It returns when it is due
   *   next, in ms since the epoch
   */
  async run(meanwhile: () => number): Promise<void> {
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
      const nextMs = Math.min(meanwhile(), this.#schedule.nextDueMs());
      if (running.size === 0) break;
      await firstOf(running, Math.max(LEAST_WAIT_MS, nextMs - now()), timers);
    }
    this.#notePace();
  }

  #notePace(): void {
    const roundMs = this.roundMs();
    if (this.#check === null || roundMs === null) return;
    const { interval } = this.#check;
    const isLate = roundMs > interval * 1_000 * LATE_INTERVALS + LATE_SLACK_MS;
    if (isLate === this.#isLate) return;
    this.#isLate = isLate;
    const round = `a round of ${this.#origins.size} origins takes ${Math.round(roundMs / 1_000)} s`;
    const detail = `${round}, the interval is ${interval} s`;
    this.#options.events.emit(isLate ? "checks_late" : "checks_in_time", { detail });
  }

  async #probe(id: string): Promise<void> {
    const check = this.#check;
    const origin = this.#origins.get(id);
    if (check === null || origin === undefined) return;
    const result = await this.#options.probe(check, origin);
    const at = this.#options.now();
    this.#schedule.done(id, result.timedOut, check.interval * 1_000, at);
    this.record(id, result, at);
  }

  /** The result of a probe, at `at` in ms since the epoch. */
  record(id: string, result: ProbeResult, at: number): void {
    // The configuration may have moved on while the probe was out.
    if (!this.#origins.has(id)) return;
    this.#last.set(id, { ...result, at });
    this.#options.onResult(id, result.passed, result.detail);
  }
}

/** Waits until one of them has ended, or the time is up. */
async function firstOf(running: Iterable<Promise<void>>, mostMs: number, timers: Timers): Promise<void> {
  let timer: unknown;
  const time = new Promise<void>((resolve) => {
    timer = timers.set(resolve, Math.min(mostMs, LONGEST_ROUND_MS));
  });
  await Promise.race([...running, time]);
  timers.clear(timer);
}
