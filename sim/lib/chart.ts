/**
 * One chart as SVG: axes with units, lines or stacked areas, reference lines, annotations of events, a legend. Its colours
 * come from the classes in `STYLE`, which follow the reader's light or dark mode.
 * @module
 */

export const WIDTH = 960;
const PLOT = { left: 64, right: 936, top: 34, height: 190 };
const LEGEND_ROW = 18;
const GAP = 26;
const CHAR_WIDTH = 6.7;

/** Colours that colour-blind people can distinguish (Okabe and Ito, 2008), on light and dark backgrounds. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8a8a8a"];
export const MOST_SERIES = COLOURS.length;

export const STYLE = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .head { font-weight: 600; font-size: 17px; }
  .muted { fill: #59636e; }
  .ground { fill: #ffffff; }
  .grid { stroke: #d8dee4; stroke-width: 1; }
  .axis { stroke: #8c959f; stroke-width: 1; }
  .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
  .dashed { stroke-dasharray: 5 4; stroke-width: 1.3; opacity: 0.85; }
  .area { opacity: 0.75; }
  .bound { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 8 4; }
  .bound-text { fill: #cf222e; }
  .mark { stroke: #8c959f; stroke-width: 1; stroke-dasharray: 2 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .muted { fill: #9198a1; }
    .ground { fill: #0d1117; }
    .grid { stroke: #2a313a; }
    .bound { stroke: #ff7b72; }
    .bound-text { fill: #ff7b72; }
  }`;

interface Series {
  readonly name: string;
  /** By second, or by whatever x counts. */
  readonly values: readonly number[];
  /** The expected values, drawn dashed in the same colour. */
  readonly expected?: readonly number[];
}

export interface Annotation {
  readonly x: number;
  readonly text: string;
}

export interface ChartOptions {
  readonly title: string;
  readonly unitX: string;
  readonly unitY: string;
  readonly series: readonly Series[];
  readonly isStacked?: boolean;
  readonly isLogarithmic?: boolean;
  /** A line that should not be crossed. */
  readonly bound?: { readonly y: number; readonly text: string };
  readonly annotations?: readonly Annotation[];
  /** Distance of values on the x axis, and the position of the first one. Default 1 and 0. */
  readonly stepX?: number;
  readonly offsetX?: number;
  /** The last x; default: that of the longest series. */
  readonly lastX?: number;
}

export interface Drawn {
  readonly svg: string;
  readonly height: number;
}

/** @param top where it begins, in pixels */
export function chart(options: ChartOptions, top: number): Drawn {
  const scale = scaleOf(options);
  const legend = legendOf(options.series, PLOT.top + PLOT.height + 44);
  const parts = [
    `<text class="title" x="${PLOT.left}" y="14">${escaped(options.title)}</text>`,
    ...gridOf(scale, options),
    ...(options.isStacked ? stackOf(options.series, scale) : linesOf(options.series, scale)),
    ...boundOf(options, scale),
    ...(options.annotations ?? []).map((annotation) => annotationOf(annotation, scale)),
    ...legend.parts,
  ];
  const height = PLOT.top + PLOT.height + 44 + legend.rows * LEGEND_ROW + GAP;
  return { svg: `<g transform="translate(0 ${top})">\n${parts.join("\n")}\n</g>`, height };
}

interface Scale {
  x(value: number): number;
  y(value: number): number;
  /** The x of a series' value by its index. */
  at(index: number): number;
  readonly ticksX: readonly number[];
  readonly ticksY: readonly number[];
  readonly leastY: number;
}

function scaleOf({
  series,
  isStacked,
  isLogarithmic,
  bound,
  stepX = 1,
  offsetX = 0,
  lastX,
}: ChartOptions): Scale {
  const longest = Math.max(1, ...series.map(({ values }) => values.length));
  const end = lastX ?? longest - 1;
  const tops = isStacked
    ? stackTops(series, longest)
    : series.flatMap(({ values, expected = [] }) => [...values, ...expected]);
  const most = tops.reduce((max, value) => Math.max(max, value), bound?.y ?? 0);
  const ticksX = ticks(0, end, 12);
  const ticksY = isLogarithmic ? [1, 0.1, 0.01, 0.001, 0.000_1] : ticks(0, Math.max(most * 1.08, 1e-9), 5);
  const leastY = isLogarithmic ? 0.000_1 : 0;
  const mostY = isLogarithmic ? 1 : Math.max(most * 1.08, ticksY.at(-1) ?? 1);
  const x = (value: number): number => PLOT.left + (value / Math.max(end, 1e-9)) * (PLOT.right - PLOT.left);
  const share = (value: number): number =>
    isLogarithmic ? 1 - Math.log10(Math.max(value, leastY)) / Math.log10(leastY) : value / mostY;
  return {
    x,
    y: (value) => PLOT.top + PLOT.height * (1 - Math.max(0, share(value))),
    at: (index) => x(index * stepX + offsetX),
    ticksX,
    ticksY,
    leastY,
  };
}

function gridOf({ x, y, ticksX, ticksY }: Scale, { unitX, unitY }: ChartOptions): string[] {
  const bottom = PLOT.top + PLOT.height;
  return [
    ...ticksY.flatMap((tick) => [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>`,
      `<text class="muted" text-anchor="end" x="${PLOT.left - 8}" y="${px(y(tick) + 4)}">${tickText(tick)}</text>`,
    ]),
    ...ticksX.flatMap((tick) => [
      `<line class="axis" x1="${px(x(tick))}" x2="${px(x(tick))}" y1="${bottom}" y2="${bottom + 4}"/>`,
      `<text class="muted" text-anchor="middle" x="${px(x(tick))}" y="${bottom + 18}">${tickText(tick)}</text>`,
    ]),
    `<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="muted" text-anchor="end" x="${PLOT.right}" y="${bottom + 32}">${escaped(unitX)}</text>`,
    `<text class="muted" x="${PLOT.left}" y="${PLOT.top - 5}">${escaped(unitY)}</text>`,
  ];
}

function linesOf(series: readonly Series[], scale: Scale): string[] {
  return series.flatMap(({ values, expected }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const line = `<path class="line" stroke="${colour}" d="${path(values, scale)}"/>`;
    if (expected === undefined) return [line];
    return [`<path class="line dashed" stroke="${colour}" d="${path(expected, scale)}"/>`, line];
  });
}

function path(values: readonly number[], { at, y, leastY }: Scale): string {
  const shown = values.slice(
    0,
    leastY > 0 ? values.findLastIndex((value) => value >= leastY) + 1 : undefined,
  );
  return shown.map((value, index) => `${index === 0 ? "M" : "L"}${px(at(index))} ${px(y(value))}`).join("");
}

/** Draws stacked areas, the first at the bottom. Each second is a step of its width. */
function stackOf(series: readonly Series[], { x, y }: Scale): string[] {
  const below = new Array<number>(Math.max(0, ...series.map(({ values }) => values.length))).fill(0);
  return series.map(({ values }, index) => {
    const tops = values.map((value, i) => (below[i] ?? 0) + value);
    const upper = tops.map((top, i) => `L${px(x(i))} ${px(y(top))}L${px(x(i + 1))} ${px(y(top))}`).join("");
    const lower = tops.map(
      (_, i) => `L${px(x(i + 1))} ${px(y(below[i] ?? 0))}L${px(x(i))} ${px(y(below[i] ?? 0))}`,
    );
    tops.forEach((top, i) => {
      below[i] = top;
    });
    const shape = `M${px(x(0))} ${px(y(0))}${upper}${lower.reverse().join("")}Z`;
    return `<path class="area" fill="${COLOURS[index % COLOURS.length]}" d="${shape}"/>`;
  });
}

function boundOf({ bound }: ChartOptions, { y }: Scale): string[] {
  if (bound === undefined) return [];
  const at = px(y(bound.y));
  return [
    `<line class="bound" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>`,
    `<text class="bound-text" text-anchor="end" x="${PLOT.right}" y="${px(y(bound.y) - 5)}">${escaped(bound.text)}</text>`,
  ];
}

function annotationOf({ x: value, text }: Annotation, { x }: Scale): string {
  const at = px(x(value));
  const isLate = x(value) > PLOT.right - text.length * CHAR_WIDTH;
  const label = `text-anchor="${isLate ? "end" : "start"}" x="${px(x(value) + (isLate ? -4 : 4))}"`;
  return (
    `<line class="mark" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.top + PLOT.height}"/>` +
    `<text class="muted" ${label} y="${PLOT.top + 12}">${escaped(text)}</text>`
  );
}

function legendOf(series: readonly Series[], top: number): { parts: string[]; rows: number } {
  let [left, row] = [PLOT.left, 0];
  const parts = series.map(({ name }, index) => {
    const width = 26 + name.length * CHAR_WIDTH + 18;
    if (left + width > PLOT.right && left > PLOT.left) [left, row] = [PLOT.left, row + 1];
    const y = top + row * LEGEND_ROW;
    const part =
      `<rect x="${px(left)}" y="${y - 7}" width="18" height="5" rx="2" fill="${COLOURS[index % COLOURS.length]}"/>` +
      `<text x="${px(left + 24)}" y="${y}">${escaped(name)}</text>`;
    left += width;
    return part;
  });
  return { parts, rows: row + 1 };
}

function stackTops(series: readonly Series[], length: number): number[] {
  return Array.from({ length }, (_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
}

/** Round numbers from the first to the last, at most the given number of them. */
function ticks(first: number, last: number, most: number): number[] {
  const rough = Math.max((last - first) / most, 1e-12);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const start = Math.ceil(first / step) * step;
  return Array.from({ length: Math.floor((last - start) / step + 1e-9) + 1 }, (_, i) => start + i * step);
}

function tickText(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function px(value: number): string {
  return value.toFixed(1);
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
