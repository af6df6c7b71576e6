/**
 * Prints the figures of a run of routes as text.
 * @module
 */
import { POLICY_WORDS } from "../../../src/contract/steering-words.ts";
import { LONGEST_KEY } from "../../../src/core/metrics/client-counts.ts";
import { ARRIVALS } from "../../../src/core/steering/choose-pool.ts";
import { MOST_CALLS_PER_SECOND } from "../../../src/pool/leases/pacer.ts";
import { LOAD_SPAN_S } from "../results.ts";
import { count, percent, table } from "../text.ts";
import type { EventResult } from "./event-results.ts";
import { LEFT_WITHIN_MS } from "./outages.ts";
import type { RoutePromises } from "./promises.ts";
import { ROUTE_ANSWERS } from "./recorder.ts";
import type { ObjectResult, PoolResult, RouteResult, RouteResults } from "./results.ts";

const MOST_EVENTS = 30;

const POLICIES: Readonly<Record<RouteResult["policy"], string>> = {
  ...POLICY_WORDS,
  "one pool": "one pool",
  "answers here": "answers by itself",
};

const ANSWER_WORDS: Readonly<Record<(typeof ROUTE_ANSWERS)[number], string>> = {
  answered: "answered",
  answered_here: "answered by the route itself",
  rate_limited: "503 rate_limited",
  no_origin: "503 no_origin_available",
  origin_failed: "502 or 504 after all attempts",
};

export function routeReport(results: RouteResults): string {
  const sections = [
    head(results),
    totals(results),
    ...results.routes.map(route),
    pools(results.pools),
    objects(results.objects),
    ...results.changes.map(change),
    events(results),
    verdict(results.promises),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function head({ options, routes, pools: all, from, to }: RouteResults): string {
  const { rps, isolates, seconds, seed } = options;
  const shares = (list: readonly { share: number; text: string }[]): string =>
    list.map(({ text, share }) => `${text} ${percent(share)}`).join(", ");
  return [
    `${plural(routes.length, "route")}, ${plural(all.length, "pool")}`,
    `${count(rps)} requests/s, ${count(isolates)} isolates, ${seconds} s, seed ${seed}`,
    `from ${shares(from.map(({ name, share }) => ({ text: name, share })))}`,
    `to ${shares(to.map(({ url, share }) => ({ text: url.slice(url.indexOf("://") + 3), share })))}`,
  ].join("\n");
}

function plural(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

function totals({ offered, unrouted, lost, in_flight }: RouteResults): string {
  const rows: [string, number][] = [
    ["requests", offered],
    ["404 no_route", unrouted],
    ["gone with their isolate", lost],
    ["still in flight at the end", in_flight],
  ];
  return counts("clients", rows, offered);
}

/** The first row, and those of the others that are not 0, each with its share. */
function counts(name: string, rows: readonly (readonly [string, number])[], of: number): string {
  const shown = rows
    .filter(([, n], row) => row === 0 || n > 0)
    .map(([what, n]) => [what, count(n), percent(of === 0 ? 0 : n / of)]);
  return table([name, "", ""], shown);
}

function route({ index, label, policy, requests, answers, pools: all, ...result }: RouteResult): string {
  const title = `routes[${index}] ${label.slice(0, LONGEST_KEY)}: ${POLICIES[policy]}`;
  if (requests === 0) return `${title}\nno request`;
  const ends = ROUTE_ANSWERS.map((answer) => [ANSWER_WORDS[answer], answers[answer]] as const);
  const asked = ends.filter(([, n]) => n > 0).map(([what, n]) => `${what} ${count(n)}`);
  const lines = [title, `${plural(requests, "request")}: ${asked.join(", ")}`];
  if (all.length > 0) {
    lines.push(shares(all));
    lines.push(
      `${plural(result.clients, "client")}, ${count(result.moved_clients)} of them at more than one pool`,
    );
  }
  return lines.join("\n");
}

function shares(all: RouteResult["pools"]): string {
  const came = ARRIVALS.filter((arrival) => all.some(({ arrivals }) => arrivals[arrival] > 0));
  const isJudged = all.some(({ expected_clients }) => expected_clients !== null);
  const rows = all.map(({ pool, requests, share, arrivals, clients, expected_clients }) => [
    pool,
    count(requests),
    percent(share),
    ...came.map((arrival) => count(arrivals[arrival])),
    ...(isJudged ? [count(clients ?? 0), count(Math.round(expected_clients ?? 0))] : []),
  ]);
  const more = isJudged ? ["clients", "expected"] : [];
  return table(["pool", "requests", "share", ...came, ...more], rows);
}

function pools(all: readonly PoolResult[]): string {
  const isLimited = all.some(({ origins }) => origins.some(({ limit }) => limit !== null));
  const rows = all.flatMap(({ pool, origins }) =>
    origins.map(({ id, requests, workers, service_ms, utilisation, limit, worst_window }) => [
      `${pool}/${id}`,
      count(requests),
      String(workers),
      `${service_ms.toPrecision(3)} ms`,
      percent(utilisation),
      ...(isLimited ? [limit === null ? "" : count(limit), limit === null ? "" : count(worst_window)] : []),
    ]),
  );
  const limits = isLimited ? ["limit/s", "worst second"] : [];
  const states = all.flatMap(({ pool, state }) => (state === null ? [] : [`${pool} at the end: ${state}`]));
  return [table(["origin", "attempts", "workers", "service", "in use", ...limits], rows), ...states].join(
    "\n",
  );
}

function objects(all: readonly ObjectResult[]): string {
  const rows = all.map(({ object, calls_mean, calls_busiest_span, calls_worst_second }) => [
    object,
    calls_mean.toFixed(1),
    calls_busiest_span.toFixed(1),
    String(calls_worst_second),
  ]);
  return table(["calls to the object of", "per s", `busiest ${LOAD_SPAN_S} s`, "busiest second"], rows);
}

function change(result: EventResult): string {
  const { what, target, at_s, out_after_s, requests_until_out, requests_after } = result;
  const went = `${count(requests_until_out)} went there in that time, ${count(requests_after)} afterwards`;
  const out =
    out_after_s === null
      ? `still got requests at the end, never two seconds without: ${count(requests_until_out)}`
      : `last request ${out_after_s.toFixed(2)} s later; ${went}`;
  const lines = [`${what} of ${target} at ${at_s} s: ${out}`, ...saidOf(result)];
  for (const { label, there, moved, others_moved, returned } of result.routes) {
    lines.push(
      `  ${label}: of ${plural(there, "client")} there ${count(moved)} moved; of other pools' clients ${count(others_moved)}`,
    );
    if (returned === null) continue;
    const { back, elsewhere, unseen, newcomers } = returned;
    const gone = `${count(elsewhere)} elsewhere, ${count(unseen)} not seen since`;
    lines.push(
      `    at the end ${count(back)} of them were back, ${gone}; ${count(newcomers)} came that were not there`,
    );
  }
  return lines.join("\n");
}

function saidOf({ unavailable_after_s, last_sent_after_s, back_at_s, first_after_s }: EventResult): string[] {
  const lines: string[] = [];
  if (unavailable_after_s !== null) {
    const last =
      last_sent_after_s === null
        ? "nobody was sent there after that"
        : `the last request was sent there ${last_sent_after_s.toFixed(2)} s after that`;
    lines.push(`  not available ${unavailable_after_s.toFixed(2)} s later; ${last}`);
  }
  if (back_at_s !== null) {
    const first = first_after_s === null ? "never" : `${first_after_s.toFixed(2)} s later`;
    lines.push(`  back at ${back_at_s} s: first request ${first}`);
  }
  return lines;
}

function events({ events: all }: RouteResults): string {
  if (all.length === 0) return "";
  const rows = all
    .slice(0, MOST_EVENTS)
    .map(({ atMs, pool, kind, origin, detail }) => [
      `${(atMs / 1_000).toFixed(2)} s`,
      origin === null ? pool : `${pool}/${origin}`,
      kind,
      detail,
    ]);
  const more = all.length > MOST_EVENTS ? `\n... and ${all.length - MOST_EVENTS} more` : "";
  return `${table(["the pools' events", "", "", ""], rows)}${more}`;
}

function verdict(promises: RoutePromises): string {
  const words: Readonly<Record<keyof RoutePromises, readonly [string, string, string, string]>> = {
    limit: ["rate limits", "held", "BROKEN", "none set, or the objects were out of reach"],
    pace: [
      "objects' pace",
      `kept (at or under ${MOST_CALLS_PER_SECOND}/s)`,
      `BROKEN (over ${MOST_CALLS_PER_SECOND}/s)`,
      "not judged: all isolates came up at once",
    ],
    shares: [
      "pools' shares",
      "as their statuses say",
      "OFF (farther off than independent draws)",
      "not judged: a pool's status changed, or sessions, limits or capacity decided too",
    ],
    left: [
      "pools that are not available",
      `left within ${LEFT_WITHIN_MS / 1_000} s`,
      `BROKEN (asked later than ${LEFT_WITHIN_MS / 1_000} s after they said so)`,
      "not judged: there was none, or news is late in such a run",
    ],
  };
  return (Object.keys(words) as (keyof RoutePromises)[])
    .map((promise) => {
      const [name, kept, broken, open] = words[promise];
      const held = promises[promise];
      return `${name}: ${held === null ? open : held ? kept : broken}`;
    })
    .join("\n");
}
