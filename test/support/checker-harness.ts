import {
  HealthChecker,
  type HealthCheckerOptions,
  type Probe,
} from "../../src/core/health/health-checker.ts";
import { Server } from "../../src/core/server/server.ts";
import { VirtualTimers } from "./virtual-timers.ts";

/** A server, virtual timers, and checkers that record their probes and callbacks. */
export class CheckerHarness {
  readonly timers = new VirtualTimers();
  readonly server = new Server("a.example", 443);
  readonly probes: Server[] = [];
  readonly events: string[] = [];

  checker(probe: Probe, options: Partial<HealthCheckerOptions> = {}): HealthChecker {
    const noted: Probe = (server) => {
      this.probes.push(server);
      return probe(server);
    };
    const checker = new HealthChecker({ timers: this.timers, ...options, probe: noted });
    checker.onHealthy(({ host }) => this.events.push(`${host} healthy`));
    checker.onUnhealthy(({ host }) => this.events.push(`${host} unhealthy`));
    return checker;
  }

  /** An answer that comes after a delay. */
  later(ms: number, passed: boolean): Promise<boolean> {
    return new Promise((resolve) => this.timers.set(() => resolve(passed), ms));
  }
}
