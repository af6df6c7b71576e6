/**
 * Prints clients' answers as the first lines of `status`.
 * @module
 */
import * as z from "zod";
import { clientsSchema } from "../../src/admin/http/live-schemas.ts";
import { PROBLEMS } from "../../src/edge/response/problem.ts";
import { type AdminClient, ApiProblem } from "./admin-client.ts";
import { count, latency, percent, rate } from "./terminal/format.ts";
import type { Paint } from "./terminal/paint.ts";

const answerSchema = z.looseObject({
  clients: clientsSchema.nullable(),
  unrouted: clientsSchema.nullable(),
});

export type ClientsStatus = z.output<typeof answerSchema>;

/** A share of failures from this on is never shown as good. */
const SOME_FAIL = 0.01;
/** Most routes, hosts and reasons that are listed. */
const MOST_NAMED = 5;

/**
 * The answers to clients of all pools; null: an older balancer does not count them.
 * @param windowS seconds, 10 to 86,400
 */
export async function readClients(client: AdminClient, windowS: number): Promise<ClientsStatus | null> {
  try {
    return await client.ask(`/stats?window=${windowS}`, answerSchema);
  } catch (error) {
    if (error instanceof ApiProblem && error.type === "not_found") return null;
    throw error;
  }
}

/** The first line, and one for each problem. */
export function clientLines({ clients, unrouted }: ClientsStatus, paint: Paint): string[] {
  if (clients === null) return ["Clients   nothing is known: no object answers"];
  if (clients.requests === 0) return [`Clients   no answers${left(clients.client_closed)}`];
  const { failed, requests, requests_per_second, p50, p99 } = clients;
  const share = failed / requests;
  const served = `${percent(1 - share, 2)} served`;
  const verdict =
    share >= SOME_FAIL ? paint.red(served) : failed > 0 ? paint.yellow(served) : paint.green(served);
  const times = `p50 ${latency(p50)}   p99 ${latency(p99)}`;
  const lines = [
    `Clients   ${verdict}   ${rate(requests_per_second)} answers/s   ${times}${left(clients.client_closed)}`,
  ];
  if (failed > 0) {
    lines.push(paint.red(`  ${count(failed, "answer")} of ${requests} failed: ${reasons(clients)}`));
    const failing = clients.routes.filter((route) => route.failed > 0).slice(0, MOST_NAMED);
    lines.push(
      ...failing.map((route) => `    ${named(route.key)}   ${route.failed} of ${route.requests} failed`),
    );
  }
  const missed = unrouted?.problems.no_route ?? 0;
  if (missed > 0) {
    const hosts = (unrouted?.hosts ?? [])
      .slice(0, MOST_NAMED)
      .map(({ key, requests: n }) => `${named(key)} ${n}`);
    lines.push(paint.yellow(`  ${count(missed, "request")} matched no route: ${hosts.join(", ")}`));
  }
  return lines;
}

/** Whether origins or the balancer made the failed answers, and the reasons. */
function reasons({ failed, problems }: NonNullable<ClientsStatus["clients"]>): string {
  const made = Object.entries(problems).filter(([type]) => FAILING.has(type));
  const ours = made.reduce((sum, [, n]) => sum + n, 0);
  const parts = made.sort(([, a], [, b]) => b - a).map(([type, n]) => `${type} ${n}`);
  if (failed > ours) parts.push(`answered so by origins ${failed - ours}`);
  return parts.join(", ");
}

/** The problems that fail a client: status 500 or above. */
const FAILING: ReadonlySet<string> = new Set(
  Object.entries(PROBLEMS).flatMap(([type, { status }]) => (status >= 500 ? [type] : [])),
);

function named(key: string): string {
  return key === "" ? "(others)" : key;
}

function left(clients: number): string {
  return clients === 0 ? "" : `   ${count(clients, "client")} left early`;
}
