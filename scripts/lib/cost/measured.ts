/**
 * The counts from the real runtime in `measured.json`, which `npm run cost -- --measure` writes.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The amount of each thing that the platform charges for, in one run. */
export interface Counts {
  /** Clients' requests. */
  requests: number;
  /** Calls that isolates made to the pool's object. */
  poolCalls: number;
  alarms: number;
  /** Each is a row written. */
  alarmsSet: number;
  /** By SQL. */
  rowsWritten: number;
  rowsRead: number;
  /** Of the pool's document, by its object. */
  objectKvReads: number;
  logLines: number;
  logBytes: number;
}

/** Work of an isolate that does not depend on its pools. */
export interface IsolateCounts {
  /** Of the routes. */
  kvReads: number;
  kvLists: number;
  /** To the object of the routes. */
  routesCalls: number;
}

/** One firing of the watchdog. */
export interface CronCounts {
  kvReads: number;
  kvLists: number;
  /** To each pool's object. */
  poolCalls: number;
  /** To the object of the routes. */
  routesCalls: number;
  /** Of each pool, and of the routes. */
  rowsWritten: number;
}

export type RunName = "traffic" | "checked" | "both" | "strict" | "limited" | "sparse";

export interface Measured {
  /** Day it was counted, `YYYY-MM-DD`. */
  measured: string;
  workerd: string;
  /** Seconds that each run took. */
  seconds: number;
  runs: Record<RunName, Counts>;
  /** One isolate that is never idle in the same seconds, with routes. */
  isolate: IsolateCounts;
  /** The same without routes, so that all requests go to the only pool. */
  isolateWithoutRoutes: IsolateCounts & { seconds: number };
  /** Per firing of the watchdog, for an idle pool. */
  cron: CronCounts;
  /** CPU time of workerd per request, with the runtime's local overhead. Not compared, because machines differ. */
  cpuMs: number;
}

/** The parameters of the runs, by which the counts are divided. */
export const REFERENCE = {
  /** Requests per second to `traffic`, `both` and `limited`. */
  rps: 20,
  /** To `strict`. */
  strictRps: 5,
  /** Seconds from one request to the next in `sparse`. */
  sparseEvery: 6,
  /** Origins and seconds of `checked` and `both`. */
  origins: 3,
  interval: 2,
} as const;

export const MEASURED_FILE = join(import.meta.dirname, "measured.json");

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(MEASURED_FILE, "utf8")) as Measured;
}
