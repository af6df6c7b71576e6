/**
 * A strict parser of Prometheus' text format, 0.0.4: throws where Prometheus or promtool would complain.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i;
const TYPES = new Set(["gauge", "counter", "summary", "histogram", "untyped"]);

export function parseExposition(text: string): Sample[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  let family = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (name !== family && types.has(name)) throw new Error(`the family is in two places: ${name}`);
      family = name;
      if (kind === "TYPE" && (types.has(name) || !TYPES.has(rest))) throw new Error(`bad type: ${line}`);
      if (kind === "TYPE") types.set(name, rest);
      continue;
    }
    const sample = parseSample(line);
    checkFamily(sample, family, types.get(family));
    const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
    if (seen.has(key)) throw new Error(`said twice: ${line}`);
    seen.add(key);
    samples.push(sample);
  }
  for (const [name, type] of types) if (type === "histogram") checkBuckets(name, samples);
  return samples;
}

/** Of each set of labels: bounds and counts rise, and the last bucket is all there is. */
function checkBuckets(family: string, samples: readonly Sample[]): void {
  const ends = new Map<string, { bound: number; count: number }>();
  const others = ({ le: _, ...labels }: Record<string, string>) =>
    JSON.stringify(Object.entries(labels).sort());
  for (const { name, labels, value } of samples) {
    if (name !== `${family}_bucket`) continue;
    const before = ends.get(others(labels)) ?? { bound: Number.NEGATIVE_INFINITY, count: 0 };
    const bound = Number((labels.le ?? "").replace("Inf", "Infinity"));
    if (!(bound > before.bound) || value < before.count) throw new Error(`buckets out of order: ${family}`);
    ends.set(others(labels), { bound, count: value });
  }
  for (const { name, labels, value } of samples) {
    if (name !== `${family}_count`) continue;
    const end = ends.get(others(labels));
    if (end?.bound !== Number.POSITIVE_INFINITY || end.count !== value) throw new Error(`no +Inf: ${family}`);
  }
}

function parseSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
  if (name === "" || !NUMBER.test(value)) throw new Error(`no sample: ${line}`);
  return { name, labels: parseLabels(labels), value: Number(value.replace(/Inf/i, "Infinity")) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = "", value = ""] = LABEL.exec(text) ?? [];
    if (name === "" || name in labels) throw new Error(`bad labels: ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function checkFamily({ name, labels, value }: Sample, family: string, type: string | undefined): void {
  if (type === undefined) throw new Error(`no type: ${name}`);
  const isSum = name === `${family}_sum` || name === `${family}_count`;
  const isBucket = type === "histogram" && name === `${family}_bucket` && "le" in labels;
  const isPart = isBucket || ((type === "summary" || type === "histogram") && isSum);
  if ((name !== family || type === "histogram") && !isPart) throw new Error(`${name} stands under ${family}`);
  if (type === "summary" && !isPart && !("quantile" in labels)) throw new Error(`no quantile: ${name}`);
  if (type === "counter" && !(name.endsWith("_total") && value >= 0)) throw new Error(`no counter: ${name}`);
}
