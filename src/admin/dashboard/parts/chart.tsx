/**
 * A chart over time: uPlot on a canvas, with a legend and a table beside it for who does not see the canvas.
 * @module
 */
import { useEffect, useMemo, useRef, useState } from "hono/jsx/dom";
import uPlot from "uplot";
import { clock } from "../lib/format.ts";
import type { ChartData, Line } from "../lib/series.ts";
import { Scroll } from "./scroll.tsx";

interface ChartProps {
  title: string;
  data: ChartData;
  format: (value: number) => string;
  /** Of the scale's marks, which are round numbers. */
  tick: (value: number) => string;
  /** The scale reaches at least so far, so that noise does not fill the height. */
  atLeast: number;
}

const HEIGHT = 168;
/** Rows of the table. */
const ROWS = 12;

export function Chart({ title, data, format, tick, atLeast }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [isOpen, setOpen] = useState(false);
  const shape = data.lines.map(({ label, colour, dashed }) => `${label} ${colour} ${dashed}`).join("|");
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      const options = optionsFor(element, data.lines, tick, atLeast, setCursor);
      plot.current = new uPlot(options, dataOf(data), element);
    };
    draw();
    const sizes = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    sizes.observe(element);
    const theme = matchMedia("(prefers-color-scheme: dark)");
    theme.addEventListener("change", draw);
    return () => {
      sizes.disconnect();
      theme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(data)), [data]);
  const at = cursor ?? data.times.length - 1;
  return (
    <figure class="chart raised">
      <figcaption>
        <h3>{title}</h3>
        <span class="muted">{cursor === null ? "now" : clock((data.times[at] ?? 0) * 1_000)}</span>
      </figcaption>
      <div class="plot" ref={place} role="img" aria-label={`${title}: ${summary(data, format)}`} />
      <ul class="legend">
        {data.lines.map((line) => (
          <li key={line.label}>
            <span class={`swatch series-${line.colour % 8} ${line.dashed ? "swatch-dashed" : ""}`} />
            {line.label} <b>{text(line.values[at], format)}</b>
          </li>
        ))}
      </ul>
      <details onToggle={(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
        <summary>As a table</summary>
        {isOpen && <ChartTable title={title} data={data} format={format} />}
      </details>
    </figure>
  );
}

function ChartTable({ title, data, format }: Omit<ChartProps, "tick" | "atLeast">) {
  const rows = useMemo(() => {
    const step = Math.max(1, Math.floor((data.times.length - 1) / ROWS));
    const last = data.times.length - 1;
    return Array.from({ length: Math.min(ROWS, data.times.length) }, (_, index) => last - index * step);
  }, [data]);
  return (
    <Scroll label={`${title}, table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {data.lines.map(({ label }) => (
              <th key={label} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((index) => (
            <tr key={index}>
              <th scope="row">{clock((data.times[index] ?? 0) * 1_000)}</th>
              {data.lines.map(({ label, values }) => (
                <td key={label} class="number">
                  {text(values[index], format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function text(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

function summary({ lines }: ChartData, format: (value: number) => string): string {
  return lines
    .map(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return `${label} has no values`;
      return `${label} now ${text(values.at(-1), format)}, most ${format(Math.max(...known))}`;
    })
    .join("; ");
}

function dataOf({ times, lines }: ChartData): uPlot.AlignedData {
  return [times, ...lines.map(({ values }) => values)];
}

function optionsFor(
  element: HTMLElement,
  lines: readonly Line[],
  tick: (value: number) => string,
  atLeast: number,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const styles = getComputedStyle(element);
  const colour = (name: string): string => styles.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
    font: `11px ${styles.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    // All charts of a page share the time the pointer is at.
    cursor: { sync: { key: "time" }, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(atLeast, (most ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 26,
        space: 64,
        values: (_plot, splits) => splits.map((at) => clock(at * 1_000).slice(-8, -3)),
      },
      { ...axis, size: 52, space: 30, values: (_plot, splits) => splits.map(tick) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: index, dashed }) => ({
        label,
        stroke: colour(`--series-${index % 8}`),
        width: 1.75,
        // Where the palette repeats, the pattern does not.
        ...(dashed || index >= 8 ? { dash: [5, 3] } : {}),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx, left = -1 } }) => onCursor(left < 0 ? null : (idx ?? null))] },
  };
}
