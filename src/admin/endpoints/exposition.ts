/**
 * Prometheus text exposition format, version 0.0.4.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * @module
 */

import type { LatencyHistogram } from "../../contract/stats.ts";

type Labels = Readonly<Record<string, string>>;

interface Family {
  type: "gauge" | "counter" | "summary" | "histogram";
  help: string;
  /** Finished lines. */
  lines: string[];
}

export class Exposition {
  readonly #families = new Map<string, Family>();

  gauge(name: string, help: string, labels: Labels, value: number): void {
    this.#add(name, "gauge", help, name, labels, value);
  }

  /** @param name ends in `_total` */
  counter(name: string, help: string, labels: Labels, value: number): void {
    this.#add(name, "counter", help, name, labels, value);
  }

  /** @param quantiles by quantile: "0.5". Null: not known */
  summary(
    name: string,
    help: string,
    labels: Labels,
    quantiles: Readonly<Record<string, number | null>>,
    sum: number,
    count: number,
  ): void {
    for (const [quantile, value] of Object.entries(quantiles)) {
      this.#add(name, "summary", help, name, { ...labels, quantile }, value ?? Number.NaN);
    }
    this.#add(name, "summary", help, `${name}_sum`, labels, sum);
    this.#add(name, "summary", help, `${name}_count`, labels, count);
  }

  /** Of latencies in ms, shown in seconds; a bucket +Inf is added. @param sum in seconds */
  histogram(
    name: string,
    help: string,
    labels: Labels,
    { bounds, counts, count }: LatencyHistogram,
    sum: number,
  ): void {
    for (const [index, bound] of bounds.entries()) {
      const le = String(bound / 1_000);
      this.#add(name, "histogram", help, `${name}_bucket`, { ...labels, le }, counts[index] ?? 0);
    }
    this.#add(name, "histogram", help, `${name}_bucket`, { ...labels, le: "+Inf" }, count);
    this.#add(name, "histogram", help, `${name}_sum`, labels, sum);
    this.#add(name, "histogram", help, `${name}_count`, labels, count);
  }

  toString(): string {
    const families = [...this.#families].map(
      ([name, { help, type, lines }]) =>
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`,
    );
    return families.join("");
  }

  #add(
    family: string,
    type: Family["type"],
    help: string,
    name: string,
    labels: Labels,
    value: number,
  ): void {
    const known = this.#families.get(family) ?? { type, help, lines: [] };
    this.#families.set(family, known);
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    const written = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    known.lines.push(`${name}${written} ${Number.isNaN(value) ? "NaN" : String(value)}`);
  }
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
