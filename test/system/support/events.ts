/**
 * Reads the events of pools from the balancer's log.
 * @module
 */
import type { Balancer } from "./balancer.ts";

export interface LoggedEvent {
  /** ISO 8601, in milliseconds. */
  time: string;
  event: string;
  pool?: string;
  origin?: string;
  detail?: string;
}

/** The events of a kind so far, in order. */
export function loggedEvents(balancer: Balancer, ...kinds: string[]): LoggedEvent[] {
  return balancer
    .logs()
    .split("\n")
    .flatMap((line) => {
      const start = line.indexOf("{");
      if (start < 0) return [];
      try {
        return [JSON.parse(line.slice(start)) as LoggedEvent];
      } catch {
        return [];
      }
    })
    .filter(({ event }) => kinds.includes(event));
}

/** The events of one pool. */
export function eventsOf(balancer: Balancer, pool: string, ...kinds: string[]): LoggedEvent[] {
  return loggedEvents(balancer, ...kinds).filter((event) => event.pool === pool);
}
