/**
 * Sends the demo's visitors: about a dozen requests a second, in a number that swings.
 * @module
 */
import { Agent, get } from "node:http";

const TICK_MS = 100;
const MEAN_PER_S = 12;
/** How far the number swings, and how long a swing takes. */
const SWING = 0.45;
const SWING_MS = 90_000;

export interface Visitors {
  stop(): void;
}

/** Visits `url` until stopped. The results are ignored here, because the dashboard shows them. */
export function startVisitors(url: string): Visitors {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const startedMs = Date.now();
  let owed = 0;
  const timer = setInterval(() => {
    const phase = ((Date.now() - startedMs) / SWING_MS) * 2 * Math.PI;
    owed += (MEAN_PER_S * (1 + SWING * Math.sin(phase)) * TICK_MS) / 1_000;
    for (; owed >= 1; owed--) visit(url, agent);
  }, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

function visit(url: string, agent: Agent): void {
  get(url, { agent }, (response) => response.resume()).on("error", () => {
    // The balancer is stopping.
  });
}
