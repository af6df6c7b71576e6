/**
 * One pool: its traffic and origins, configuration, versions and events.
 * @module
 */
import { type Child, useState } from "hono/jsx/dom";
import { call, messageOf } from "../lib/api.ts";
import { mayOperate } from "../lib/current-user.ts";
import { refresh, shownOrigins } from "../lib/feed.ts";
import { count, latency, plural, sentence } from "../lib/format.ts";
import type { LivePool, WatchedPool } from "../lib/live.ts";
import { type DashboardLocation, href, type View } from "../lib/location.ts";
import { poolProblems, poolStatus } from "../lib/problems.ts";
import { poolCharts } from "../lib/series.ts";
import { inService } from "../lib/status.ts";
import { say } from "../lib/toast.ts";
import { Charts } from "../parts/charts.tsx";
import { Clients } from "../parts/clients.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { OriginTable } from "../parts/origin-table.tsx";
import { ProblemList, TakenOut } from "../parts/problem-list.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Stats } from "../parts/stats.tsx";
import { Badge } from "../parts/status-icon.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Timeline } from "../parts/timeline.tsx";
import { PoolConfigView } from "./config.tsx";
import { EventsView } from "./events.tsx";
import { OriginView } from "./origin.tsx";
import { VersionsView } from "./versions.tsx";

interface PoolProps {
  pool: LivePool;
  nowMs: number;
}

export function PoolPage({
  pool,
  place,
  nowMs,
}: {
  pool: WatchedPool | null;
  place: DashboardLocation;
  nowMs: number;
}) {
  const name = place.pool ?? "";
  if (pool === null || "error" in pool) {
    return (
      <div class="blank">
        <h1 tabindex={-1}>{name}</h1>
        <p>{pool === null ? "There is no such pool." : sentence(pool.error)}</p>
        <a class="button" href={href({})}>
          All pools
        </a>
      </div>
    );
  }
  if (place.origin !== null) return <OriginView pool={pool} id={place.origin} nowMs={nowMs} />;
  return (
    <>
      <PoolHead pool={pool} view={place.view} />
      {place.view === "traffic" && <Traffic pool={pool} nowMs={nowMs} />}
      {place.view === "config" && <PoolConfigView key={name} pool={name} />}
      {place.view === "versions" && (
        <VersionsView
          subject={{
            name,
            path: `/pools/${encodeURIComponent(name)}`,
            inForce: pool.config_version,
          }}
          nowMs={nowMs}
        />
      )}
      {place.view === "events" && <EventsView pool={name} newest={pool.events} nowMs={nowMs} />}
    </>
  );
}

/** So many origins as a pool can have. */
const MOST_ORIGINS = 5_000;
/** A longer one must not push the charts out of sight. */
const LONG_TABLE = 15;

const TABS: [View, string][] = [
  ["traffic", "Traffic"],
  ["config", "Configuration"],
  ["versions", "Versions"],
  ["events", "Events"],
];

function PoolHead({ pool, view }: { pool: LivePool; view: View }) {
  const facts = [
    pool.algorithm,
    pool.coordination,
    pool.sticky === null ? null : `sessions by ${pool.sticky}`,
    pool.checked ? "health checks" : "no health checks",
    `version ${pool.config_version}`,
    plural(pool.isolates, "isolate"),
  ];
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href={href({})}>Pools</a> /
          </p>
          <h1 tabindex={-1}>
            {pool.pool} <Badge {...poolStatus(pool)} />
          </h1>
          <p class="muted">
            {inService(pool)} · {facts.filter((fact) => fact !== null).join(" · ")}
          </p>
        </div>
        {mayOperate && pool.checked && <CheckNow pool={pool.pool} />}
      </div>
      <Tabs
        label={`Pool ${pool.pool}`}
        tabs={TABS.map(([name, label]) => [label, href({ pool: pool.pool, view: name }), name === view])}
      />
    </>
  );
}

function Traffic({ pool, nowMs }: PoolProps) {
  const problems = poolProblems(pool, nowMs);
  const isLong = pool.origins.length > LONG_TABLE;
  return (
    <>
      {problems.length > 0 && <ProblemList problems={problems} nowMs={nowMs} />}
      <TakenOut pools={[pool]} />
      {pool.clients != null && <Clients clients={pool.clients} />}
      {!isLong && <Origins pool={pool} nowMs={nowMs} />}
      <section aria-labelledby="attempts">
        <h2 id="attempts">All attempts at its origins</h2>
        <Stats live={pool} />
      </section>
      <Charts
        pool={pool.pool}
        at={pool.at}
        make={(history, span) => poolCharts(pool, history, span)}
        note={pool.origins.length > 8 ? "The charts show the eight busiest origins." : ""}
      />
      {isLong && <Origins pool={pool} nowMs={nowMs} />}
      <section aria-labelledby="events">
        <h2 id="events">Latest events</h2>
        <Timeline events={pool.events.slice(0, 10)} nowMs={nowMs} />
      </section>
    </>
  );
}

function Origins({ pool, nowMs }: PoolProps) {
  const hidden = pool.origin_count - pool.origins.length;
  return (
    <section aria-labelledby="origins">
      <h2 id="origins">Origins</h2>
      <OriginTable pool={pool} nowMs={nowMs} />
      {hidden > 0 && (
        <p>
          {plural(hidden, "origin")} of less interest {hidden === 1 ? "is" : "are"} not shown.{" "}
          <button type="button" class="button button-small" onClick={() => shownOrigins.set(MOST_ORIGINS)}>
            Show all {count(pool.origin_count)}
          </button>
        </p>
      )}
    </section>
  );
}

interface ProbeRow {
  origin: string;
  passed: boolean | null;
  detail: string;
  duration_ms: number;
}

function CheckNow({ pool }: { pool: string }) {
  const [state, setState] = useState<"idle" | "running" | readonly ProbeRow[]>("idle");
  const run = async (): Promise<void> => {
    setState("running");
    try {
      const path = `/pools/${encodeURIComponent(pool)}/check`;
      const { probes } = await call<{ probes: ProbeRow[] }>(path, { method: "POST" });
      setState(probes);
    } catch (error) {
      setState("idle");
      say("bad", messageOf(error));
    }
    refresh();
  };
  return (
    <div>
      <button type="button" class="button" disabled={state === "running"} onClick={() => void run()}>
        {state === "running" ? "Checking…" : "Check now"}
      </button>
      {typeof state === "object" && (
        <Dialog title={`What the probes of ${pool} saw`} onClose={() => setState("idle")} confirm={null}>
          <Probes probes={state} />
        </Dialog>
      )}
    </div>
  );
}

function Probes({ probes }: { probes: readonly ProbeRow[] }): Child {
  return (
    <Scroll label="Probes">
      <table>
        <thead>
          <tr>
            <th scope="col">Origin</th>
            <th scope="col">Verdict</th>
            <th scope="col">Detail</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {probes.map(({ origin, passed, detail, duration_ms }) => (
            <tr key={origin}>
              <th scope="row">{origin}</th>
              <td>
                <Badge
                  tone={passed === null ? "off" : passed ? "good" : "bad"}
                  label={passed === null ? "Not probed" : passed ? "Passed" : "Failed"}
                />
              </td>
              <td>{detail}</td>
              <td class="number">{latency(duration_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
