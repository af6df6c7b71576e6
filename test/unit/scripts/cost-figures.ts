/** Configurations and counts for the tests of `npm run cost`. */
import type { Counts, Measured } from "../../../scripts/lib/cost/measured.ts";
import { parseConfigFile } from "../../../src/config/parse.ts";
import type { ConfigFile } from "../../../src/config/schema.ts";

export const ALL = { logs: 1, traces: 0 };

export function config(pools: Record<string, object>, routes: object[] = []): ConfigFile {
  const parsed = parseConfigFile({ routes, pools });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

export const origins = (...ids: string[]) => ids.map((id) => ({ id, url: `https://${id}.example.com` }));

/** Round figures, so that what is expected can be worked out by hand. */
function counts(more: Partial<Counts> = {}): Counts {
  return {
    requests: 2_000,
    poolCalls: 100,
    alarms: 10,
    alarmsSet: 10,
    rowsWritten: 10,
    rowsRead: 20,
    objectKvReads: 20,
    logLines: 2_000,
    logBytes: 400_000,
    ...more,
  };
}

export const MEASURED: Measured = {
  measured: "2026-11-30",
  workerd: "1",
  seconds: 100,
  runs: {
    traffic: counts(),
    both: counts(),
    checked: counts({ requests: 0, poolCalls: 0, alarms: 50, alarmsSet: 50, rowsWritten: 0, rowsRead: 0 }),
    strict: counts({ requests: 500, poolCalls: 1_100 }),
    limited: counts({ poolCalls: 110, rowsWritten: 20 }),
    sparse: counts({ requests: 10, poolCalls: 20, rowsWritten: 5, alarms: 5 }),
  },
  isolate: { kvReads: 20, kvLists: 0, routesCalls: 0 },
  isolateWithoutRoutes: { seconds: 10, kvReads: 0, kvLists: 0, routesCalls: 2 },
  cron: { kvReads: 2, kvLists: 1, poolCalls: 1, routesCalls: 1, rowsWritten: 0 },
  cpuMs: 0.5,
};
