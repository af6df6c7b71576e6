/**
 * Every pool at a glance, what is wrong first.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import type { LiveOrigin, LivePool } from "../../../contract/live.ts";
import { feed, type WatchedPool } from "../lib/feed.ts";
import { count, latency, percent, plural, rate, sentence } from "../lib/format.ts";
import { fetchHistory, type LoadedHistory } from "../lib/history.ts";
import { href } from "../lib/place.ts";
import { trend } from "../lib/series.ts";
import {
  errorTone,
  inService,
  originStanding,
  type Problem,
  poolProblems,
  poolStanding,
} from "../lib/standing.ts";
import { mayConfigure } from "../lib/viewer.ts";
import { Badge, Mark } from "../parts/mark.tsx";
import { Spark } from "../parts/spark.tsx";
import { Stat } from "../parts/stats.tsx";
import { Timeline } from "../parts/timeline.tsx";

/** Origins a card names. */
const NAMED = 12;
/** Pools that get a picture of their last minutes: each is a request more. */
const PICTURED = 12;
/** A little more than is drawn. */
const PICTURED_MS = 930_000;
const EVENTS = 12;

interface OverviewProps {
  pools: readonly WatchedPool[];
  nowMs: number;
}

export function Overview({ pools, nowMs }: OverviewProps) {
  if (pools.length === 0) return <NoPools />;
  const events = pools.flatMap((pool) => ("error" in pool ? [] : pool.events));
  const newest = events.sort((a, b) => b.at - a.at).slice(0, EVENTS);
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
      <Verdict pools={pools} nowMs={nowMs} />
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
function Verdict({ pools, nowMs }: OverviewProps) {
  const problems = pools.flatMap((pool) => poolProblems(pool, nowMs));
  const live = pools.filter((pool): pool is LivePool => !("error" in pool));
  const total = live.reduce((sum, { origin_count }) => sum + origin_count, 0);
  const traffic = live.reduce((sum, { requests_per_second }) => sum + requests_per_second, 0);
  if (problems.length === 0) {
    return (
      <p class="verdict tone-good">
        <Mark tone="good" />
        <span>
          <b>All is well.</b> {plural(pools.length, "pool")}, {plural(total, "origin")}, {rate(traffic)}{" "}
          requests/s.
        </span>
      </p>
    );
  }
  const worst = problems.some(({ tone }) => tone === "bad") ? "bad" : "warn";
  return (
    <section class={`verdict tone-${worst}`} aria-labelledby="verdict">
      <h2 id="verdict">
        <Mark tone={worst} /> {plural(problems.length, "problem")}
      </h2>
      <ul>
        {problems.slice(0, 20).map((problem) => (
          <li key={`${problem.pool} ${problem.origin} ${problem.text.slice(0, 12)}`}>
            <ProblemLine problem={problem} />
          </li>
        ))}
      </ul>
      {problems.length > 20 && <p>and {plural(problems.length - 20, "more", "more")}</p>}
    </section>
  );
}

function ProblemLine({ problem: { tone, pool, origin, text } }: { problem: Problem }) {
  return (
    <>
      <Mark tone={tone} />
      <span>
        <a href={href({ pool, origin })}>{origin === null ? pool : `${pool} / ${origin}`}</a> {text}
      </span>
    </>
  );
}

function PoolCard({ pool, isPictured }: { pool: WatchedPool; isPictured: boolean }) {
  const standing = poolStanding(pool);
  return (
    <article class={`card tone-${standing.tone}`}>
      <header>
        <h2>
          <a href={href({ pool: pool.pool })}>{pool.pool}</a>
        </h2>
        <Badge {...standing} />
      </header>
      {"error" in pool ? (
        <p class="muted">{sentence(pool.error)}</p>
      ) : (
        <>
          <p class="muted small">
            {pool.algorithm ?? "no algorithm"} · {inService(pool)}
          </p>
          <div class="card-traffic">
            <dl class="stats">
              <Stat label="Requests/s" value={rate(pool.requests_per_second)} />
              <Stat label="Errors" value={percent(pool.error_rate)} tone={errorTone(pool.error_rate)} />
              <Stat label="p99" value={latency(pool.p99)} />
              <Stat label="In flight" value={count(pool.active_connections)} />
            </dl>
            {isPictured && <Trend pool={pool} />}
          </div>
          <ul class="chips">
            {pool.origins.slice(0, NAMED).map((origin) => (
              <li key={origin.id}>
                <Chip pool={pool.pool} origin={origin} />
              </li>
            ))}
            {pool.origin_count > NAMED && (
              <li class="muted small">and {plural(pool.origin_count - NAMED, "more", "more")}</li>
            )}
          </ul>
        </>
      )}
    </article>
  );
}

function Chip({ pool, origin }: { pool: string; origin: LiveOrigin }) {
  const { tone, label } = originStanding(origin);
  return (
    <a class={`chip tone-${tone}`} href={href({ pool, origin: origin.id })}>
      <Mark tone={tone} />
      {origin.id}
      <span class={tone === "good" ? "unseen" : ""}> {label}</span>
    </a>
  );
}

/** Requests per second over the last quarter of an hour. */
function Trend({ pool }: { pool: LivePool }) {
  const [history, setHistory] = useState<LoadedHistory | null>(null);
  useEffect(() => {
    let held: LoadedHistory | null = null;
    let askedMs = 0;
    const update = async (): Promise<void> => {
      if (Date.now() - askedMs < 10_000) return;
      askedMs = Date.now();
      held = await fetchHistory(pool.pool, "hour", held, Date.now() - PICTURED_MS).catch(() => held);
      setHistory(held);
    };
    void update();
    return feed.watch(() => void update());
  }, [pool.pool]);
  return history === null ? <div class="spark ghost" /> : <Spark values={trend(pool, history)} />;
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
