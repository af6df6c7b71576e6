/**
 * The three charts of a pool or an origin, over one span of time.
 * @module
 */
import { useMemo, useState } from "hono/jsx/dom";
import { latency, rate } from "../lib/format.ts";
import { type LoadedHistory, useHistory } from "../lib/history.ts";
import { type Charts as ChartData, TIME_RANGES, type TimeRange } from "../lib/series.ts";
import { Chart } from "./chart.tsx";

interface ChartsProps {
  pool: string;
  /** Changes with the live facts. */
  at: number;
  make: (history: LoadedHistory, span: TimeRange) => ChartData;
  note?: string;
}

const SPAN_NAMES = Object.keys(TIME_RANGES) as TimeRange[];
let lastSpan: TimeRange = "15 min";

export function Charts({ pool, at, make, note = "" }: ChartsProps) {
  const [span, setSpan] = useState<TimeRange>(lastSpan);
  const history = useHistory(pool, TIME_RANGES[span].range);
  const data = useMemo(() => (history === null ? null : make(history, span)), [history, span, at]);
  return (
    <section aria-labelledby="charts">
      <div class="section-head">
        <h2 id="charts">Over time</h2>
        <fieldset class="choice">
          <legend class="unseen">Span of time</legend>
          {SPAN_NAMES.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="span"
                checked={name === span}
                onChange={() => {
                  lastSpan = name;
                  setSpan(name);
                }}
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {data === null ? (
        <div class="charts" aria-busy="true">
          <div class="chart raised ghost" />
          <div class="chart raised ghost" />
          <div class="chart raised ghost" />
        </div>
      ) : (
        <div class="charts">
          <Chart title="Requests per second" data={data.requests} format={rate} tick={String} atLeast={1} />
          <Chart title="Errors, %" data={data.errors} format={wholePercent} tick={wholePercent} atLeast={5} />
          <Chart
            title="Latency to headers"
            data={data.latency}
            format={latency}
            tick={milliseconds}
            atLeast={10}
          />
        </div>
      )}
      {note !== "" && <p class="muted small">{note}</p>}
    </section>
  );
}

function wholePercent(value: number): string {
  return `${value < 10 && value % 1 !== 0 ? value.toFixed(1) : Math.round(value)}%`;
}

function milliseconds(value: number): string {
  return value < 1_000 ? `${value} ms` : `${value / 1_000} s`;
}
