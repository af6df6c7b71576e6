/**
 * What stands outside of servers and is named by them: upstreams, splits of clients, health checks.
 * @module
 */
import { healthCheckSchema } from "../../../../src/config/health-schema.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import { type HealthCheckDocument, ImportError } from "../result.ts";
import type { Directive } from "./parser.ts";
import { type Upstream, upstreamOf } from "./upstream.ts";
import { parameterOf, requireCount, requireSeconds } from "./values.ts";

/** @throws ImportError for what nginx would refuse */
export function upstreamsIn(context: readonly Directive[], findings: Findings): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const directive of context) {
    if (directive.name !== "upstream") continue;
    const upstream = upstreamOf(directive, findings);
    if (upstreams.has(upstream.name)) {
      throw new ImportError(`${directive.at}: upstream ${upstream.name} stands twice`);
    }
    upstreams.set(upstream.name, upstream);
  }
  return upstreams;
}

/** `split_clients`: parts of the clients by their percentages, which add up to 100. */
export interface ClientSplit {
  readonly at: string;
  readonly parts: readonly { readonly value: string; readonly percent: number }[];
}

/** The splits by the names of their variables, without `$`. */
export function splitsIn(context: readonly Directive[]): Map<string, ClientSplit> {
  const splits = new Map<string, ClientSplit>();
  for (const { name, args, block, at } of context) {
    if (name !== "split_clients") continue;
    const given = (block ?? []).map(({ name: share, args: [value = ""] }) => ({ value, share }));
    const percents = given.map(({ share }) => (share === "*" ? null : Number.parseFloat(share)));
    const rest = 100 - percents.reduce<number>((sum, percent) => sum + (percent ?? 0), 0);
    const parts = given.map(({ value }, index) => ({ value, percent: percents[index] ?? Math.max(0, rest) }));
    splits.set((args[1] ?? "").slice(1), { at, parts });
  }
  return splits;
}

/** What nginx Plus takes for granted (ngx_http_upstream_hc_module). */
const DEFAULTS = { interval: 5, fails: 1, passes: 1, uri: "/" };

/** `health_check`, with the `match` that it names. */
export function healthCheckOf(
  directive: Directive,
  matches: ReadonlyMap<string, Directive>,
  findings: Findings,
): HealthCheckDocument {
  const given = new Map(directive.args.map(parameterOf));
  const value = (name: string) => given.get(name) ?? null;
  const count = (name: "fails" | "passes") => {
    const text = value(name);
    return clamp(text === null ? DEFAULTS[name] : requireCount(directive, text, name), 1, 100);
  };
  const interval = value("interval");
  const port = value("port");
  const uri = value("uri") ?? DEFAULTS.uri;
  const match = value("match");
  findings.changed(directive.at, "health_check: a probe may take 2 s here, unless you set timeout");
  return {
    ...(uri === "/" ? {} : { path: uri }),
    interval: clamp(
      interval === null ? DEFAULTS.interval : requireSeconds(directive, interval, "interval"),
      0.5,
      3_600,
    ),
    healthy_threshold: count("passes"),
    unhealthy_threshold: count("fails"),
    ...(port === null ? {} : { port: requireCount(directive, port, "port") }),
    expected_codes: "2xx,3xx",
    ...(match === null ? {} : expectedBy(match, directive, matches, findings)),
    ...(given.has("mandatory") ? { initial: "unhealthy" as const } : {}),
  };
}

function expectedBy(
  name: string,
  { at }: Directive,
  matches: ReadonlyMap<string, Directive>,
  findings: Findings,
): HealthCheckDocument {
  const block = matches.get(name)?.block;
  if (!block) {
    findings.todo(
      at,
      `health_check match=${name}: there is no match ${name} in these files: give the file that has it`,
    );
    return {};
  }
  let check: HealthCheckDocument = {};
  for (const { name: what, args, at: place } of block) {
    const found = expected(what, args);
    if (found !== null && healthCheckSchema.safeParse({ ...check, ...found }).success)
      check = { ...check, ...found };
    else
      findings.todo(
        place,
        `match ${name}: ${[what, ...args].join(" ")}: a health check here cannot ask for this`,
      );
  }
  return check;
}

/** A regular expression of plain text occurs in a body where the text does. */
function expected(what: string, args: readonly string[]): HealthCheckDocument | null {
  if (what === "status" && args[0] !== "!") return { expected_codes: args.join(",") };
  const [operator, text = ""] = args;
  const isPlain = operator === "~" && !/[\\^$.|?*+()[\]{}]/.test(text);
  return what === "body" && isPlain ? { expected_body: text } : null;
}
