/**
 * The figures of a pool or an origin.
 * @module
 */

import { count, latency, percent, rate } from "../lib/format.ts";
import type { LiveTraffic } from "../lib/live.ts";
import { errorTone } from "../lib/status.ts";

export function Stats({ live }: { live: LiveTraffic }) {
  return (
    <dl class="stats raised">
      <Stat label="Attempts/s" value={rate(live.requests_per_second)} />
      <Stat label="Errors" value={percent(live.error_rate)} tone={errorTone(live.error_rate)} />
      <Stat label="p50" value={latency(live.p50)} />
      <Stat label="p99" value={latency(live.p99)} />
      <Stat label="In flight" value={count(live.active_connections)} />
      <Stat label="Retries/s" value={rate(live.retries_per_second)} />
      {live.rate_limited_per_second > 0 && (
        <Stat label="Rate limited/s" value={rate(live.rate_limited_per_second)} tone="warn" />
      )}
    </dl>
  );
}

export function Stat({ label, value, tone = "" }: { label: string; value: string; tone?: string }) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd class={tone === "" ? "" : `text-${tone}`}>{value}</dd>
    </div>
  );
}
