/**
 * Sends steady traffic, so that the dashboard has figures to show.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fetchAlone } from "../../system/support/client.ts";

const PAUSE_MS = 40;
/** Traffic ends after this time, in case a test does not stop it. */
const MOST_REQUESTS = 10_000;

export interface Traffic {
  stop(): Promise<void>;
}

/** Sends one request after the other to each url, about twenty a second in all. */
export function startTraffic(...urls: string[]): Traffic {
  let isOver = false;
  const run = async (): Promise<void> => {
    for (let sent = 0; sent < MOST_REQUESTS && !isOver; sent++) {
      const response = await fetchAlone(urls[sent % urls.length] ?? "").catch(() => null);
      await response?.arrayBuffer().catch(() => null);
      await sleep(PAUSE_MS);
    }
  };
  const running = run();
  return {
    async stop() {
      isOver = true;
      await running;
    },
  };
}
