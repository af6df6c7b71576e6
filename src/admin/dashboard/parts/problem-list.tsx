/**
 * The problems, worst first, and the origins that an operator took out of service.
 * @module
 */
import { FirstSeen, problemKey } from "../lib/first-seen.ts";
import { clock, duration, plural } from "../lib/format.ts";
import type { LivePool } from "../lib/live.ts";
import { href } from "../lib/location.ts";
import type { DashboardProblem } from "../lib/problems.ts";
import { takenOut } from "../lib/status.ts";
import { StatusIcon } from "./status-icon.tsx";

/** Most problems that are listed one by one. */
const SHOWN = 12;
/** Most origins of one pool that are listed one by one. */
const NAMED = 4;

const firstSeen = new FirstSeen();

interface ProblemListProps {
  problems: readonly DashboardProblem[];
  /** By the balancer's clock. */
  nowMs: number;
}

export function ProblemList({ problems, nowMs }: ProblemListProps) {
  const worst = problems.some(({ tone }) => tone === "bad") ? "bad" : "warn";
  return (
    <section class={`verdict tone-${worst}`} aria-labelledby="verdict">
      <h2 id="verdict">
        <StatusIcon tone={worst} /> {plural(problems.length, "problem")}
      </h2>
      <ul>
        {problems.slice(0, SHOWN).map((problem) => (
          <li key={problemKey(problem)}>
            <ProblemLine problem={problem} nowMs={nowMs} />
          </li>
        ))}
      </ul>
      {problems.length > SHOWN && <p>and {plural(problems.length - SHOWN, "more", "more")}</p>}
    </section>
  );
}

function ProblemLine({ problem, nowMs }: { problem: DashboardProblem; nowMs: number }) {
  const { tone, pool, origin, view = "traffic", text, onset } = problem;
  const name = pool === null ? (view === "routes" ? "Routes" : "All pools") : pool;
  const at = onset?.at ?? firstSeen.note(problem, nowMs);
  return (
    <>
      <StatusIcon tone={tone} />
      <span>
        <a href={href({ pool, origin, view })}>{origin === null ? name : `${name} / ${origin}`}</a> {text}
        <span class="muted since">
          {" "}
          {onset === null ? "seen since" : onset.isEarlier ? "since before" : "since"} {clock(at)} (
          {duration(Math.max(0, nowMs - at))})
        </span>
      </span>
    </>
  );
}

/** They have no problem, but somebody who looks for a missing origin must find it here. */
export function TakenOut({ pools }: { pools: readonly LivePool[] }) {
  const lines = pools.flatMap(linesOf);
  if (lines.length === 0) return null;
  return (
    <section class="verdict tone-off" aria-labelledby="taken-out">
      <h2 id="taken-out">Out of service by hand</h2>
      <ul>
        {lines.map(({ pool, origin, text }) => (
          <li key={`${pool} ${origin} ${text}`}>
            <StatusIcon tone="off" />
            <span>
              <a href={href({ pool, origin })}>{origin === null ? pool : `${pool} / ${origin}`}</a> {text}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Line {
  pool: string;
  origin: string | null;
  text: string;
}

function linesOf({ pool, origins, origin_count, events }: LivePool): Line[] {
  const out = origins.flatMap((origin): Line[] => {
    const text = takenOut(origin, events);
    return text === "" ? [] : [{ pool, origin: origin.id, text }];
  });
  if (out.length <= NAMED) return out;
  const text = `${out.length} of ${plural(origin_count, "origin")} are drained, disabled or have weight 0`;
  return [{ pool, origin: null, text }];
}
