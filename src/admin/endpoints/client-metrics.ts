/**
 * Metrics of answers to clients for Prometheus: of each pool, of each route, and of requests that no pool handled.
 * @module
 */
import type { ClientStats, PoolScrape } from "../../contract/stats.ts";
import { ANSWER_CLASSES } from "../../core/metrics/client-counts.ts";
import type { Exposition } from "./exposition.ts";

type Labels = Readonly<Record<string, string>>;

/** Label of the routes beyond those with counts of their own. */
const OTHER_ROUTES = "(others)";

export function exposeClients(text: Exposition, pool: string, scraped: PoolScrape): void {
  const { clients } = scraped.stats;
  exposeAnswers(text, "pool", { pool }, clients);
  for (const { key, answers } of clients.routes) {
    const route = key === "" ? OTHER_ROUTES : key;
    for (const each of ANSWER_CLASSES) {
      const labels = { pool, route, class: each };
      text.counter("lb_route_responses_total", "Answers to clients of a route.", labels, answers[each]);
    }
  }
  const { client_latency } = scraped;
  const help =
    "What clients waited for the headers, retries included, failed answers too; bounds to within 2%.";
  text.histogram("lb_pool_response_seconds", help, { pool }, client_latency, client_latency.sum / 1_000);
}

/** Requests that no pool handled. */
export function exposeUnrouted(text: Exposition, clients: ClientStats): void {
  exposeAnswers(text, "unrouted", {}, clients);
}

function exposeAnswers(
  text: Exposition,
  what: "pool" | "unrouted",
  labels: Labels,
  clients: ClientStats,
): void {
  const of =
    what === "pool" ? "Requests that the pool was the last to handle" : "Requests that no pool handled";
  for (const each of ANSWER_CLASSES) {
    const all = { ...labels, class: each };
    text.counter(`lb_${what}_responses_total`, `${of}: answers to clients.`, all, clients.answers[each]);
  }
  for (const [type, count] of Object.entries(clients.problems)) {
    text.counter(`lb_${what}_problems_total`, `${of}: answers made here.`, { ...labels, type }, count);
  }
  const left = `${of}: clients that left before an answer.`;
  text.counter(`lb_${what}_clients_left_total`, left, labels, clients.client_closed);
}
