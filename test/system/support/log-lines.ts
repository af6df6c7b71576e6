/**
 * Reads the lines of requests in the balancer's log.
 * @module
 */
import type { Balancer } from "./balancer.ts";
import { eventually } from "./eventually.ts";

export interface LogLine {
  pool?: string;
  attempts?: number;
  arrival?: string;
  steered_from?: string | null;
}

/** The line of the request with that id, once it is there. */
export async function logLine(balancer: Balancer, id: string): Promise<LogLine> {
  return await eventually(`the log line of ${id}`, () => {
    const line = balancer
      .logs()
      .split("\n")
      .find((each) => each.includes(`"request_id":"${id}"`));
    return line === undefined ? null : (JSON.parse(line.slice(line.indexOf("{"))) as LogLine);
  });
}
