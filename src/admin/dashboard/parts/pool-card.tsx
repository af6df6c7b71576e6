/**
 * A pool at a glance.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { askBesideFeed } from "../lib/beside-feed.ts";
import { availability, count, latency, percent, plural, rate, sentence } from "../lib/format.ts";
import { fetchHistory, type LoadedHistory } from "../lib/history.ts";
import type { LiveOrigin, LivePool, WatchedPool } from "../lib/live.ts";
import { href } from "../lib/location.ts";
import { rememberHistory } from "../lib/onset.ts";
import { poolStatus } from "../lib/problems.ts";
import { trend } from "../lib/series.ts";
import { errorTone, inService, originStatus } from "../lib/status.ts";
import { failedTone } from "./clients.tsx";
import { Spark } from "./spark.tsx";
import { Stat } from "./stats.tsx";
import { Badge, StatusIcon } from "./status-icon.tsx";

/** Origins a card names. */
const NAMED = 12;
/** A little more than is drawn. */
const PICTURED_MS = 930_000;
const trendEveryMs = () => 10_000;

export function PoolCard({ pool, isPictured }: { pool: WatchedPool; isPictured: boolean }) {
  const status = poolStatus(pool);
  return (
    <article class={`card raised tone-${status.tone}`}>
      <header>
        <h2>
          <a href={href({ pool: pool.pool })}>{pool.pool}</a>
        </h2>
        <Badge {...status} />
      </header>
      {"error" in pool ? (
        <p class="muted">{sentence(pool.error)}</p>
      ) : (
        <>
          <p class="muted small">
            {pool.algorithm ?? "no algorithm"} · {inService(pool)}
          </p>
          <div class="card-traffic">
            <Figures pool={pool} />
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

/** What clients got; of an object that does not tell, what its origins did. */
function Figures({ pool }: { pool: LivePool }) {
  const { clients = null } = pool;
  if (clients === null) {
    return (
      <dl class="stats">
        <Stat label="Attempts/s" value={rate(pool.requests_per_second)} />
        <Stat label="Errors" value={percent(pool.error_rate)} tone={errorTone(pool.error_rate)} />
        <Stat label="p99" value={latency(pool.p99)} />
        <Stat label="In flight" value={count(pool.active_connections)} />
      </dl>
    );
  }
  const failed = clients.requests === 0 ? 0 : clients.failed / clients.requests;
  return (
    <dl class="stats">
      <Stat label="Availability" value={availability(clients.availability)} tone={failedTone(failed)} />
      <Stat label="Requests/s" value={rate(clients.requests_per_second)} />
      <Stat label="p99" value={latency(clients.p99)} />
      <Stat label="In flight" value={count(pool.active_connections)} />
    </dl>
  );
}

function Chip({ pool, origin }: { pool: string; origin: LiveOrigin }) {
  const { tone, label } = originStatus(origin);
  return (
    <a class={`chip tone-${tone}`} href={href({ pool, origin: origin.id })}>
      <StatusIcon tone={tone} />
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
    const ask = (): Promise<LoadedHistory | null> =>
      fetchHistory(pool.pool, "hour", held, Date.now() - PICTURED_MS).catch(() => held);
    return askBesideFeed(trendEveryMs, ask, (answer) => {
      held = answer;
      if (held !== null) rememberHistory(pool.pool, held);
      setHistory(held);
    });
  }, [pool.pool]);
  return history === null ? <div class="spark ghost" /> : <Spark values={trend(pool, history)} />;
}
