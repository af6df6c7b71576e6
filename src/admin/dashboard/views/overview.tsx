/**
 * Every pool at a glance, problems first.
 * @module
 */

import { mayConfigure } from "../lib/current-user.ts";
import type { FeedState } from "../lib/feed.ts";
import { availability, plural, rate } from "../lib/format.ts";
import type { LivePool, WatchedPool } from "../lib/live.ts";
import { href } from "../lib/location.ts";
import { allProblems } from "../lib/problems.ts";
import { useRouteEvents } from "../lib/route-events.ts";
import { Clients } from "../parts/clients.tsx";
import { PoolCard } from "../parts/pool-card.tsx";
import { ProblemList, TakenOut } from "../parts/problem-list.tsx";
import { StatusIcon } from "../parts/status-icon.tsx";
import { Timeline } from "../parts/timeline.tsx";

/** Pools that get a picture of their last minutes: each is a request more. */
const PICTURED = 12;
const EVENTS = 12;

interface OverviewProps {
  state: FeedState;
  pools: readonly WatchedPool[];
  nowMs: number;
}

export function Overview({ state, pools, nowMs }: OverviewProps) {
  const routeEvents = useRouteEvents(EVENTS);
  if (pools.length === 0) return <NoPools />;
  const live = pools.filter((pool): pool is LivePool => !("error" in pool));
  const events = [...live.flatMap((pool) => pool.events), ...routeEvents];
  const newest = events.toSorted((a, b) => b.at - a.at).slice(0, EVENTS);
  return (
    <>
      <div class="page-head">
        <h1 tabindex={-1}>Pools</h1>
        {mayConfigure && (
          <a class="button" href={href({ view: "create" })}>
            New pool
          </a>
        )}
      </div>
      <Verdict state={state} live={live} nowMs={nowMs} />
      <TakenOut pools={live} />
      {state.clients !== null && <Clients clients={state.clients} unrouted={state.unrouted} />}
      <ul class="cards">
        {pools.map((pool, index) => (
          <li key={pool.pool}>
            <PoolCard pool={pool} isPictured={index < PICTURED} />
          </li>
        ))}
      </ul>
      <section aria-labelledby="events">
        <h2 id="events">Latest events</h2>
        <Timeline events={newest} nowMs={nowMs} namesPool />
      </section>
    </>
  );
}

/** The answer to the first question. */
function Verdict({ state, live, nowMs }: { state: FeedState; live: readonly LivePool[]; nowMs: number }) {
  const problems = allProblems(state, nowMs);
  if (problems.length > 0) return <ProblemList problems={problems} nowMs={nowMs} />;
  const total = live.reduce((sum, { origin_count }) => sum + origin_count, 0);
  const { clients } = state;
  return (
    <p class="verdict tone-good">
      <StatusIcon tone="good" />
      <span>
        <b>All is well.</b> {plural(live.length, "pool")}, {plural(total, "origin")}
        {clients !== null &&
          clients.requests > 0 &&
          `, ${availability(clients.availability)} of ${rate(clients.requests_per_second)} requests/s served`}
        .
      </span>
    </p>
  );
}

function NoPools() {
  return (
    <>
      <h1 tabindex={-1}>Pools</h1>
      <div class="blank">
        <img src={iconUrl()} alt="" width="56" height="56" />
        <h2>No pool yet</h2>
        <p>
          A pool is a named set of origins that share the traffic. The balancer answers 404 to every request
          until there is one.
        </p>
        {mayConfigure ? (
          <a class="button button-main" href={href({ view: "create" })}>
            Make the first pool
          </a>
        ) : (
          <p class="muted">Your token may only read. One with the scope admin can make a pool.</p>
        )}
        <p class="muted small">
          Or from a file: <code>npm run pools -- push FILE --remote</code>
        </p>
      </div>
    </>
  );
}

function iconUrl(): string {
  return document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href ?? "";
}
