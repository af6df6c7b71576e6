/**
 * The checks of a pool beside what else its alarm does, on a virtual clock.
 */
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import type { HealthCheckConfig, OriginConfig } from "../../../src/config/schema.ts";
import { Connections } from "../../../src/pool/health/connections.ts";
import { HealthMonitor } from "../../../src/pool/health/health-monitor.ts";
import { seededRandom } from "../../support/random.ts";
import { VirtualTimers } from "../../support/virtual-timers.ts";

function poolOf(count: number, interval: number): { check: HealthCheckConfig; origins: OriginConfig[] } {
  const parsed = parsePool({
    origins: Array.from({ length: count }, (_, i) => ({ id: `o${i}`, url: `https://o${i}.example` })),
    health_check: { interval },
  });
  if (!parsed.ok || parsed.value.health_check === null) throw new Error("the document is wrong");
  return { check: parsed.value.health_check, origins: [...parsed.value.origins] };
}

/** A monitor whose probes take as long as `tookMs` says. */
function monitored(count: number, interval: number, tookMs: (id: string) => number) {
  const timers = new VirtualTimers();
  const connections = new Connections();
  const seen = { running: 0, most: 0, paced: [] as string[], probed: 0 };
  const monitor = new HealthMonitor({
    connections,
    now: () => timers.nowMs,
    random: seededRandom(1),
    timers,
    onResult: () => {},
    events: { emit: (kind, facts) => void seen.paced.push(`${kind}: ${facts?.detail}`) },
    probe: async (_check, { id }) => {
      seen.running++;
      seen.most = Math.max(seen.most, seen.running);
      const durationMs = tookMs(id);
      await new Promise<void>((resolve) => void timers.set(resolve, durationMs));
      seen.running--;
      seen.probed++;
      return { passed: true, detail: "passed", durationMs, timedOut: false };
    },
  });
  const { check, origins } = poolOf(count, interval);
  monitor.configure(check, origins, 0);
  return { monitor, timers, connections, seen };
}

describe("checks", () => {
  it("leave a connection to each other activity, and use it when that is over", async () => {
    const { monitor, timers, connections, seen } = monitored(40, 60, () => 100);
    let over = (): void => {};
    const others = new Promise<void>((resolve) => {
      over = resolve;
    });
    const hanging = [connections.during(others), connections.during(others)];
    const run = monitor.run(() => Number.POSITIVE_INFINITY);
    await timers.advance(500);
    expect(seen.most).toBe(4);
    over();
    await Promise.all(hanging);
    await timers.advance(2_000);
    await run;
    expect(seen.most).toBe(6);
    expect(seen.probed).toBe(40);
  });

  it("continue, prompt ones too, while other calls hang", async () => {
    const { monitor, timers, connections, seen } = monitored(20, 60, () => 100);
    for (let hanging = 0; hanging < 9; hanging++) void connections.during(new Promise(() => {}));
    const run = monitor.run(() => Number.POSITIVE_INFINITY);
    await timers.advance(2_000);
    await run;
    expect(seen.most).toBe(3);
    expect(seen.probed).toBe(20);
    expect(connections.slowProbes).toBeGreaterThan(0);
    expect(connections.slowProbes).toBeLessThan(connections.probes);
  });

  it("report once that a round does not fit its interval, and once that it does again", async () => {
    let tookMs = 100;
    const { monitor, timers, seen } = monitored(200, 0.5, () => tookMs);
    const rounds = async (seconds: number) => {
      const endMs = timers.nowMs + seconds * 1_000;
      while (timers.nowMs < endMs) {
        let isOver = false;
        const run = monitor
          .run(() => Number.POSITIVE_INFINITY)
          .then(() => {
            isOver = true;
          });
        while (!isOver) await timers.advance(100);
        await run;
      }
    };
    await rounds(20);
    expect(seen.paced).toEqual(["checks_late: a round of 200 origins takes 3 s, the interval is 0.5 s"]);
    tookMs = 5;
    await rounds(20);
    expect(seen.paced.length).toBe(2);
    expect(seen.paced[1]).toMatch(/^checks_in_time: /);
  });
});
