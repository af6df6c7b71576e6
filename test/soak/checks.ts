/**
 * Checks beside those of the answers: the origins' ledgers, the origins' states and counts in the pools, and whether
 * anything is still open.
 * @module
 */
import type { PoolEventKind } from "../../src/contract/events.ts";
import { eventually } from "../system/support/eventually.ts";
import { ATTEMPT_TIMEOUT_S, type FaultWindow, type OpenAtOrigin } from "./contract.ts";
import type { SoakOrigin } from "./origins.ts";
import { type PoolReport, poolReports } from "./pools.ts";

/** Connections are closed after a few idle seconds. Probes keep some open. */
const SETTLE_MS = 120_000;
const MOST_PROBE_SOCKETS = 12;
/** A fault, and its end, is noticed with the third probe, or with the last attempts, which are reported seconds later. */
const NOTICED_WITHIN_MS = ATTEMPT_TIMEOUT_S * 1_000 + 4_000;

const AGAINST_ORIGIN: ReadonlySet<PoolEventKind> = new Set<PoolEventKind>([
  "ejected",
  "not_ejected",
  "unhealthy",
  "flapping",
]);

/** A request that may not be repeated (POST or PATCH without a key, or a large body) arrives once at most in all. */
export function sentTwice(origins: readonly SoakOrigin[]): { sentOnce: number; wrong: string[] } {
  const arrivals = new Map<string, string[]>();
  for (const { id, once, origin } of origins.flatMap((each) => each.arrivals())) {
    if (once) arrivals.set(id, [...(arrivals.get(id) ?? []), origin]);
  }
  const wrong = [...arrivals]
    .filter(([, where]) => where.length > 1)
    .map(([id, where]) => `${id} was sent ${where.length} times: ${where.join(", ")}`);
  return { sentOnce: arrivals.size, wrong };
}

/** After the calm part: nothing that clients did may count as an origin's failure. */
export function blamed(reports: readonly PoolReport[]): string[] {
  return reports.flatMap(({ pool, stats, events }) => [
    ...Object.entries(stats.origins)
      .filter(([, { errors, in_service }]) => errors > 0 || !in_service)
      .map(
        ([id, { errors, status }]) => `${pool}: ${errors} errors are counted at ${id}, which is ${status}`,
      ),
    ...events
      .filter(({ kind }) => AGAINST_ORIGIN.has(kind))
      .map(({ kind, origin, detail }) => `${pool}: ${kind} ${origin ?? ""} ${detail ?? ""}`),
  ]);
}

/** At the end: each origin that was taken out had a fault at that time. */
export function blamedWithoutFault(
  reports: readonly PoolReport[],
  windows: readonly FaultWindow[],
): string[] {
  return reports.flatMap(({ pool, events }) =>
    events
      .filter(({ kind, at, origin }) => {
        const hadFault = windows.some(
          (window) =>
            window.origin === origin && at >= window.fromMs - 100 && at <= window.toMs + NOTICED_WITHIN_MS,
        );
        return AGAINST_ORIGIN.has(kind) && !hadFault;
      })
      .map(({ kind, at, origin, detail }) => {
        return `${pool}: ${kind} ${origin ?? ""} ${detail ?? ""} at ${new Date(at).toISOString()}`;
      }),
  );
}

/** Waits until nothing is open at the pools and at the origins. @returns what stays open */
export async function stillOpen(base: string, origins: readonly SoakOrigin[]): Promise<string[]> {
  let open: string[] = [];
  await eventually(
    "nothing to be open",
    async () => {
      open = await openNow(base, origins);
      return open.length === 0;
    },
    SETTLE_MS,
  ).catch(() => {});
  return open;
}

async function openNow(base: string, origins: readonly SoakOrigin[]): Promise<string[]> {
  const reports = await poolReports(base);
  const atOrigins = await Promise.all(origins.map((origin) => origin.open()));
  return [
    ...reports.flatMap(({ pool, stats }) =>
      stats.active_connections === 0 ? [] : [`${pool} counts ${stats.active_connections} in flight`],
    ),
    ...reports.flatMap(({ pool, stats }) =>
      Object.entries(stats.origins)
        .filter(([, { in_service }]) => !in_service)
        .map(([id]) => `${pool} has ${id} out of service`),
    ),
    ...atOrigins.flatMap((open, index) => openAt(origins[index]?.name ?? "", open)),
  ];
}

function openAt(name: string, { requests, webSockets, sockets }: OpenAtOrigin): string[] {
  const found = requests.map((request) => `${name} has a request open: ${request}`);
  if (webSockets > 0) found.push(`${name} has ${webSockets} WebSockets open`);
  if (sockets > MOST_PROBE_SOCKETS) found.push(`${name} has ${sockets} connections open`);
  return found;
}
