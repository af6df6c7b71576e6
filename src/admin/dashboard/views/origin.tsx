/**
 * One origin.
 * @module
 */
import type { Child } from "hono/jsx/dom";
import { clock, count, duration, percent, rate } from "../lib/format.ts";
import type { LiveOrigin, LivePool } from "../lib/live.ts";
import { href } from "../lib/location.ts";
import { originCharts } from "../lib/series.ts";
import { originStatus, placeOf } from "../lib/status.ts";
import { Charts } from "../parts/charts.tsx";
import { OriginActions } from "../parts/origin-actions.tsx";
import { DrainProgress, probeText } from "../parts/origin-table.tsx";
import { Stats } from "../parts/stats.tsx";
import { Badge } from "../parts/status-icon.tsx";
import { Timeline } from "../parts/timeline.tsx";

interface OriginProps {
  pool: LivePool;
  origin: LiveOrigin;
  nowMs: number;
}

export function OriginView({ pool, id, nowMs }: { pool: LivePool; id: string; nowMs: number }) {
  const origin = pool.origins.find((each) => each.id === id) ?? null;
  if (origin === null) {
    return (
      <div class="blank">
        <h1 tabindex={-1}>
          {pool.pool} / {id}
        </h1>
        <p>The pool has no such origin, or not any more.</p>
        <a class="button" href={href({ pool: pool.pool })}>
          Back to {pool.pool}
        </a>
      </div>
    );
  }
  const events = pool.events.filter((event) => event.origin === id);
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href={href({})}>Pools</a> / <a href={href({ pool: pool.pool })}>{pool.pool}</a> /
          </p>
          <h1 tabindex={-1}>
            {id} <Badge {...originStatus(origin)} />
          </h1>
          <p class="muted url">{placeOf(origin)}</p>
        </div>
        <OriginActions pool={pool} origin={origin} />
      </div>
      <Stats live={origin} />
      <Facts pool={pool} origin={origin} nowMs={nowMs} />
      <Charts
        pool={pool.pool}
        at={pool.at}
        make={(history, span) => originCharts(pool, origin, history, span)}
      />
      <section aria-labelledby="events">
        <h2 id="events">Its latest events</h2>
        <Timeline events={events} nowMs={nowMs} />
      </section>
    </>
  );
}

function Facts({ pool, origin, nowMs }: OriginProps) {
  const { share, expected_share, rate_limit, max_connections, ejected_until, ejection_steps } = origin;
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">State</h2>
      <dl class="facts raised">
        <Fact name="Health">
          {origin.status} since {clock(origin.since)} ({duration(Math.max(0, nowMs - origin.since))})
        </Fact>
        <Fact name="Last probe">
          {pool.checked ? probeText(origin, nowMs) : "the pool has no health check"}
        </Fact>
        <Fact name="Share">
          {share === null ? "no traffic" : percent(share)},{" "}
          {expected_share === null ? "as the load wants it" : `expected ${percent(expected_share)}`}
        </Fact>
        <Fact name="Weight">
          {origin.weight}
          {origin.weight_factor < 1 && `, ${percent(origin.weight_factor)} of it in force (slow start)`}
          {origin.backup && ", backup: used when no other is eligible"}
        </Fact>
        <Fact name="Connections">
          {count(origin.active_connections)}
          {max_connections === null ? ", no limit" : ` of at most ${count(max_connections)}`}
        </Fact>
        <Fact name="Rate limit">
          {rate_limit === null
            ? "none"
            : `${rate(origin.requests_per_second)} of ${count(rate_limit.limit)} a second; isolates hold the right to ${count(rate_limit.granted)}`}
        </Fact>
        <Fact name="Ejection">
          {ejected_until === null
            ? "not ejected"
            : `until ${clock(ejected_until)} (${duration(Math.max(0, ejected_until - nowMs))} more)`}
          {ejection_steps > 1 && `; the last was ${ejection_steps} times as long as the first`}
        </Fact>
        <Fact name="Drain">
          {origin.drained ? (
            "drained"
          ) : origin.draining ? (
            <DrainProgress origin={origin} nowMs={nowMs} />
          ) : (
            "no"
          )}
          {origin.removing && " (gone from the configuration; removed once it is drained)"}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
