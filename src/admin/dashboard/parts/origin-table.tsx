/**
 * The origins of a pool: a table, on a phone a list of cards.
 * @module
 */

import { mayOperate } from "../lib/current-user.ts";
import { ago, clock, count, duration, latency, percent, rate } from "../lib/format.ts";
import type { LiveOrigin, LivePool } from "../lib/live.ts";
import { href } from "../lib/location.ts";
import { errorTone, originStatus, placeOf } from "../lib/status.ts";
import { ShareBar, UseBar } from "./meter.tsx";
import { OriginActions } from "./origin-actions.tsx";
import { Badge } from "./status-icon.tsx";

interface RowProps {
  pool: LivePool;
  origin: LiveOrigin;
  /** By the balancer's clock. */
  nowMs: number;
}

export function OriginTable({ pool, nowMs }: Omit<RowProps, "origin">) {
  const hasLimits = pool.origins.some(({ rate_limit }) => rate_limit !== null);
  return (
    <table class="origins raised">
      <caption class="unseen">Origins of {pool.pool}</caption>
      <thead>
        <tr>
          <th scope="col">Origin</th>
          <th scope="col">State</th>
          <th scope="col">Share of traffic</th>
          {FIGURES.map(({ label }) => (
            <th key={label} scope="col" class="number">
              {label}
            </th>
          ))}
          {hasLimits && <th scope="col">Rate limit</th>}
          {mayOperate && (
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {pool.origins.map((origin) => (
          <OriginRow key={origin.id} pool={pool} origin={origin} nowMs={nowMs} hasLimits={hasLimits} />
        ))}
      </tbody>
    </table>
  );
}

interface Figure {
  label: string;
  text: (origin: LiveOrigin) => string;
  tone?: (origin: LiveOrigin) => string;
}

const FIGURES: readonly Figure[] = [
  { label: "Req/s", text: ({ requests_per_second }) => rate(requests_per_second) },
  {
    label: "Errors",
    text: ({ error_rate }) => percent(error_rate),
    tone: ({ error_rate }) => `text-${errorTone(error_rate)}`,
  },
  { label: "p50", text: ({ p50 }) => latency(p50) },
  { label: "p99", text: ({ p99 }) => latency(p99) },
  {
    label: "In flight",
    text: ({ active_connections, max_connections }) =>
      max_connections === null
        ? count(active_connections)
        : `${count(active_connections)} / ${count(max_connections)}`,
  },
];

function OriginRow({ pool, origin, nowMs, hasLimits }: RowProps & { hasLimits: boolean }) {
  return (
    <tr>
      <th scope="row">
        <a href={href({ pool: pool.pool, origin: origin.id })}>{origin.id}</a>
        <span class="muted small url">{placeOf(origin)}</span>
      </th>
      <td data-label="State">
        <State pool={pool} origin={origin} nowMs={nowMs} />
      </td>
      <td data-label="Share">
        <Share origin={origin} />
      </td>
      {FIGURES.map(({ label, text, tone }) => (
        <td key={label} data-label={label} class={`number ${tone?.(origin) ?? ""}`}>
          {text(origin)}
        </td>
      ))}
      {hasLimits && (
        <td data-label="Rate limit" class={origin.rate_limit === null ? "is-none" : ""}>
          <RateLimit origin={origin} />
        </td>
      )}
      {mayOperate && (
        <td class="actions-cell">
          <OriginActions pool={pool} origin={origin} />
        </td>
      )}
    </tr>
  );
}

/** The state, since when, and why. */
function State({ pool, origin, nowMs }: RowProps) {
  const { tone, label } = originStatus(origin);
  return (
    <div class="state">
      <Badge tone={tone} label={label} />
      <span class="muted small">{reason(pool, origin, nowMs)}</span>
      {origin.draining && !origin.drained && <DrainProgress origin={origin} nowMs={nowMs} />}
    </div>
  );
}

function reason(pool: LivePool, origin: LiveOrigin, nowMs: number): string {
  const { ejected, ejected_until, ejection_steps, healthy, since, last_probe } = origin;
  if (healthy && ejected && ejected_until !== null) {
    const times = ejection_steps > 1 ? `, ${ejection_steps} times as long as the first` : "";
    return `comes back in ${duration(Math.max(0, ejected_until - nowMs))}${times}`;
  }
  const age = `for ${duration(Math.max(0, nowMs - since))}`;
  if (!pool.checked) return "no health check";
  if (last_probe === null) return `${age}, not probed yet`;
  const probe = `${last_probe.detail}, ${ago(nowMs - last_probe.at)}`;
  return healthy === last_probe.passed ? `${age} · ${probe}` : `${age} · last probe: ${probe}`;
}

export function DrainProgress({ origin, nowMs }: Omit<RowProps, "pool">) {
  const { drain_started, drain_deadline, active_connections } = origin;
  if (drain_started == null || drain_deadline === null) return null;
  const wholeMs = Math.max(1, drain_deadline - drain_started);
  const part = Math.min(1, Math.max(0, (nowMs - drain_started) / wholeMs));
  const left = `${count(active_connections)} in flight, at most ${duration(Math.max(0, drain_deadline - nowMs))} more`;
  return (
    <span class="drain small">
      <UseBar part={part} tone="busy" />
      <span class="muted">{left}</span>
    </span>
  );
}

function Share({ origin: { share, expected_share } }: { origin: LiveOrigin }) {
  return (
    <div class="share">
      <ShareBar share={share} expected={expected_share} />
      <span>
        {share === null ? "–" : percent(share)}{" "}
        <span class="muted">{expected_share === null ? "by load" : `of ${percent(expected_share)}`}</span>
      </span>
    </div>
  );
}

function RateLimit({ origin }: { origin: LiveOrigin }) {
  const { rate_limit, requests_per_second, rate_limited_per_second } = origin;
  if (rate_limit === null) return <span class="muted">none</span>;
  const part = requests_per_second / rate_limit.limit;
  const isFull = rate_limited_per_second > 0;
  return (
    <div class="share">
      <UseBar part={part} tone={isFull ? "warn" : "good"} />
      <span>
        {percent(part)} <span class="muted">of {count(rate_limit.limit)}/s</span>
        {isFull && <span class="text-warn"> passed over {rate(rate_limited_per_second)}/s</span>}
      </span>
    </div>
  );
}

/** Time and result of the last probe. */
export function probeText(origin: LiveOrigin, nowMs: number): string {
  const probe = origin.last_probe;
  if (probe === null) return "none yet";
  const verdict = probe.passed ? "passed" : `failed: ${probe.detail}`;
  const age = ago(nowMs - probe.at);
  return `${verdict}, in ${latency(probe.duration_ms)}, at ${clock(probe.at)} (${age})`;
}
