/**
 * Probes servers at an interval and flips `healthy`. The probe and the timers are arguments.
 * @module
 */

import type { Server } from "../server/server.ts";
import { systemTimers, type Timers } from "../system.ts";
import { type HealthState, observe, type Thresholds } from "./health-state.ts";

/** True: the server passed. False, a rejection, an exception, or no answer in time: it failed. */
export type Probe<S extends Server = Server> = (server: S) => boolean | Promise<boolean>;
/** Told of a server whose health has just changed. What it returns is awaited for its errors only. */
export type HealthCallback<S extends Server = Server> = (server: S) => unknown;

/** How servers are checked. */
export interface HealthCheckerOptions<S extends Server = Server> {
  /** Asks one server. */
  probe: Probe<S>;
  /** Seconds from one round to the next. Default 5. */
  interval?: number;
  /** Seconds a probe may take. Default 2. */
  timeout?: number;
  /** Passes in a row that make an unhealthy server healthy. Default 2. */
  healthyThreshold?: number;
  /** Failures in a row that make a healthy server unhealthy. Default 3. */
  unhealthyThreshold?: number;
  /** Servers to begin with. More come by `add` and `check`. */
  servers?: Iterable<S>;
  /** Gets an error that a callback throws. Default: the error is dropped. */
  onError?: (error: unknown) => void;
  /** Default: the system's. */
  timers?: Timers;
}

/** A server's membership of the rounds. A probe counts only if the membership it began under is still the server's. */
interface Checked {
  state: HealthState;
  /** True while a round's probe is under way; the next round passes the server over. */
  inRound: boolean;
}

/** Keeps the rounds of probes, and sets `healthy` of the servers in them. */
export class HealthChecker<S extends Server = Server> {
  readonly #probe: Probe<S>;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #thresholds: Thresholds;
  readonly #timers: Timers;
  readonly #onError: (error: unknown) => void;
  readonly #checked = new Map<S, Checked>();
  readonly #onHealthy: HealthCallback<S>[] = [];
  readonly #onUnhealthy: HealthCallback<S>[] = [];
  /** For each probe under way, the function that ends it at once. */
  readonly #underWay = new Set<() => void>();
  #running = false;
  #nextRound: unknown;

  /** @throws RangeError if a time or a threshold is not positive */
  constructor(options: HealthCheckerOptions<S>) {
    const { interval = 5, timeout = 2, healthyThreshold = 2, unhealthyThreshold = 3 } = options;
    for (const [name, value] of Object.entries({ interval, timeout, healthyThreshold, unhealthyThreshold })) {
      if (!(value > 0)) throw new RangeError(`${name} must be above 0, got ${value}`);
    }
    this.#probe = options.probe;
    this.#intervalMs = interval * 1_000;
    this.#timeoutMs = timeout * 1_000;
    this.#thresholds = { rise: healthyThreshold, fall: unhealthyThreshold };
    this.#timers = options.timers ?? systemTimers;
    this.#onError = options.onError ?? (() => {});
    for (const server of options.servers ?? []) this.add(server);
  }

  /** Called once each time a server becomes healthy. */
  onHealthy(callback: HealthCallback<S>): void {
    this.#onHealthy.push(callback);
  }

  /** Called once each time a server becomes unhealthy. */
  onUnhealthy(callback: HealthCallback<S>): void {
    this.#onUnhealthy.push(callback);
  }

  /** Includes `server` in the rounds; its first probe is at once if they are running. */
  add(server: S): void {
    if (this.#checked.has(server)) return;
    const checked = this.#register(server);
    if (this.#running) void this.#checkInRound(server, checked);
  }

  /** Leaves `server` out from now on; a probe under way no longer counts. */
  remove(server: S): void {
    this.#checked.delete(server);
  }

  /** First round at once, then one each interval. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#round();
  }

  /** Ends the rounds and every probe under way. Afterwards there is no timer, no flip and no callback. */
  stop(): void {
    if (this.#running) this.#timers.clear(this.#nextRound);
    this.#running = false;
    for (const [server, { state }] of this.#checked) this.#checked.set(server, { state, inRound: false });
    for (const cutOff of [...this.#underWay]) cutOff();
  }

  /**
   * Probes `server` now, and includes it in the rounds.
   * @returns whether this probe passed; false also if `stop()` cut it off. Never rejects.
   */
  async check(server: S): Promise<boolean> {
    const checked = this.#checked.get(server) ?? this.#register(server);
    const passed = await this.#runProbe(server);
    if (this.#checked.get(server) === checked) this.#onResult(server, checked, passed);
    return passed;
  }

  #register(server: S): Checked {
    const checked = { state: { healthy: server.healthy, streak: 0 }, inRound: false };
    this.#checked.set(server, checked);
    return checked;
  }

  #round(): void {
    // Next timer first: rounds keep their pace, and nothing that goes wrong below ends them.
    this.#nextRound = this.#timers.set(() => this.#round(), this.#intervalMs);
    for (const [server, checked] of this.#checked) void this.#checkInRound(server, checked);
  }

  async #checkInRound(server: S, checked: Checked): Promise<void> {
    if (checked.inRound) return;
    checked.inRound = true;
    await this.check(server);
    checked.inRound = false;
  }

  #runProbe(server: S): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (passed: boolean) => {
        this.#timers.clear(timer);
        this.#underWay.delete(fail);
        resolve(passed);
      };
      const fail = () => end(false);
      const timer = this.#timers.set(fail, this.#timeoutMs);
      this.#underWay.add(fail);
      void this.#answer(server).then(end);
    });
  }

  async #answer(server: S): Promise<boolean> {
    try {
      return (await this.#probe(server)) === true;
    } catch {
      return false;
    }
  }

  #onResult(server: S, checked: Checked, passed: boolean): void {
    // Other code may have set the server's health: the streak counted before no longer applies.
    if (checked.state.healthy !== server.healthy) checked.state = { healthy: server.healthy, streak: 0 };
    checked.state = observe(checked.state, passed, this.#thresholds);
    if (checked.state.healthy === server.healthy) return;
    server.healthy = checked.state.healthy;
    for (const callback of server.healthy ? this.#onHealthy : this.#onUnhealthy)
      void this.#call(callback, server);
  }

  /** Calls the callback at once; an error, thrown now or later, does not reach the caller. */
  async #call(callback: HealthCallback<S>, server: S): Promise<void> {
    try {
      await callback(server);
    } catch (error) {
      this.#onError(error);
    }
  }
}
