/**
 * The simulation's command line.
 * @module
 */
import { parseArgs } from "node:util";
import { UsageError } from "../../scripts/lib/options.ts";

interface OriginEvent {
  readonly origin: string;
  readonly atMs: number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Burst extends Span {
  readonly factor: number;
}

/** From so many requests on they take the short way, unless told otherwise. */
const BRIEF_FROM = 1_000_000;

export interface SimOptions {
  readonly config: string;
  /** Pool of the configuration; null: the only one, or `default`. */
  readonly pool: string | null;
  readonly rps: number;
  readonly isolates: number;
  readonly regions: number;
  readonly dataCenters: number;
  readonly seconds: number;
  readonly seed: number;
  readonly fails: readonly OriginEvent[];
  readonly recoveries: readonly OriginEvent[];
  readonly disables: readonly OriginEvent[];
  readonly enables: readonly OriginEvent[];
  readonly drains: readonly OriginEvent[];
  readonly bursts: readonly Burst[];
  readonly outages: readonly Span[];
  readonly restartsMs: readonly number[];
  readonly deploysMs: readonly number[];
  readonly nearMs: number;
  readonly farMs: number;
  /** Share of messages that are lost, 0 to 1. */
  readonly loss: number;
  /** Share of isolates that end per minute, 0 to 1. */
  readonly churn: number;
  readonly skew: number;
  readonly clients: number;
  readonly isCold: boolean;
  /** Requests take the short way (brief/brief-traffic.ts). */
  readonly isBrief: boolean;
  readonly load: number;
  /** Null: computed from load and workers. */
  readonly serviceMs: number | null;
  /** Null: computed from load and service time. */
  readonly workers: number | null;
  readonly out: string | null;
  readonly json: string | null;
}

type EventFlag = "fail" | "recover" | "disable" | "enable" | "drain";
/** What events name, and with --routes. */
const ORIGIN = "ORIGIN@SECOND, as in a@20";
const PARTS = "POOL@SECOND or POOL/ORIGIN@SECOND, as in eu@20";

/** As the command line has them. */
export type Flags = ReturnType<typeof parse>;

/** @throws UsageError; "help" stands for a request for the usage text */
export function parseOptions(args: readonly string[]): SimOptions | "help" {
  const flags = parse(args);
  return flags.help === true ? "help" : simOptions(flags);
}

/** @throws UsageError */
export function simOptions(values: Flags): SimOptions {
  if (!values.config) throw new UsageError("--config: a configuration file is missing");
  const [nearMs, farMs] = latency(values.latency ?? "3-80");
  const rps = number("rps", values.rps ?? "200", 0.001, 1e6);
  const seconds = whole("seconds", values.seconds ?? "60", 1, 86_400);
  const form = values.routes === true ? PARTS : ORIGIN;
  const inRun = <E extends Begins>(flag: string, texts: readonly string[] = [], read: (text: string) => E) =>
    texts.map((text) => beforeEnd(flag, text, read(text), seconds));
  const events = (flag: EventFlag) => inRun(flag, values[flag], (text) => originEvent(flag, text, form));
  return {
    config: values.config,
    pool: values.pool ?? null,
    rps,
    isolates: whole("isolates", values.isolates ?? "20", 1, 1e6),
    regions: whole("regions", values.regions ?? "3", 1, 300),
    dataCenters: whole("data-centers", values["data-centers"] ?? "100", 1, 10_000),
    seconds,
    seed: whole("seed", values.seed ?? "1", 0, 2 ** 31 - 1),
    fails: events("fail"),
    recoveries: events("recover"),
    disables: events("disable"),
    enables: events("enable"),
    drains: events("drain"),
    bursts: inRun("burst", values.burst, burst),
    outages: inRun("outage", values.outage, (text) => span("outage", text)),
    restartsMs: inRun("restart", values.restart, (text) => moment("restart", text)),
    deploysMs: inRun("deploy", values.deploy, (text) => moment("deploy", text)),
    nearMs,
    farMs,
    loss: number("loss", values.loss ?? "0.1", 0, 100) / 100,
    churn: number("churn", values.churn ?? "1", 0, 6_000) / 100,
    skew: number("skew", values.skew ?? "0", 0, 10),
    clients: whole("clients", values.clients ?? "10000", 1, 1e7),
    isCold: values.cold === true,
    isBrief: takesShortWay(values.way, rps * seconds),
    load: number("load", values.load ?? "0.5", 0.001, 10),
    serviceMs: values.service === undefined ? null : number("service", values.service, 0.001, 600_000),
    workers: values.workers === undefined ? null : whole("workers", values.workers, 1, 1e6),
    out: values.out ?? null,
    json: values.json ?? null,
  };
}

function takesShortWay(way: string | undefined, requests: number): boolean {
  if (way === undefined) return requests >= BRIEF_FROM;
  if (way !== "whole" && way !== "short")
    throw new UsageError(`--way: must be whole or short, got ${JSON.stringify(way)}`);
  return way === "short";
}

/** When something happens: a time in ms, or what has one. */
type Begins = number | Pick<OriginEvent, "atMs"> | Pick<Span, "fromMs">;

/** @param text as the command line has it @throws UsageError: the run would end before it */
export function beforeEnd<E extends Begins>(flag: string, text: string, event: E, seconds: number): E {
  if (beginMs(event) < 1_000 * seconds) return event;
  throw new UsageError(
    `--${flag}: ${text} is not before the end of the run, which is after ${seconds} s; --seconds makes it longer`,
  );
}

function beginMs(event: Begins): number {
  if (typeof event === "number") return event;
  return "atMs" in event ? event.atMs : event.fromMs;
}

/** In ms. */
function moment(flag: string, text: string): number {
  return 1_000 * number(flag, text, 0, 86_400);
}

/** @throws UsageError */
export function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ config: text, pool: text, rps: text, isolates: text, regions: text, seconds: text, seed: text },
        ...{ way: text, latency: text, loss: text, churn: text, skew: text, clients: text, cold: flag },
        ...{ load: text, service: text, workers: text, out: text, json: text },
        ...{ fail: texts, recover: texts, disable: texts, enable: texts, drain: texts },
        ...{ burst: texts, outage: texts, restart: texts, deploy: texts },
        ...{ routes: flag, from: text, to: text, shed: texts },
        "data-centers": text,
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function number(flag: string, text: string, least: number, most: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${flag}: must be a number from ${least} to ${most}, got ${JSON.stringify(text)}`);
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = number(flag, text, least, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${flag}: must be a whole number, got ${JSON.stringify(text)}`);
}

/** @param form what it must be, for the error */
function originEvent(flag: string, text: string, form: string): OriginEvent {
  const [, origin, seconds] = /^(.+)@([\d.]+)$/.exec(text) ?? [];
  if (origin === undefined || seconds === undefined) {
    throw new UsageError(`--${flag}: must be ${form}, got ${JSON.stringify(text)}`);
  }
  return { origin, atMs: 1_000 * number(flag, seconds, 0, 86_400) };
}

function span(flag: string, text: string): Span {
  const [, from, length] = /^([\d.]+)\+([\d.]+)$/.exec(text) ?? [];
  if (from === undefined || length === undefined) {
    throw new UsageError(`--${flag}: must be SECOND+SECONDS, as in 20+5, got ${JSON.stringify(text)}`);
  }
  const fromMs = 1_000 * number(flag, from, 0, 86_400);
  return { fromMs, toMs: fromMs + 1_000 * number(flag, length, 0.001, 86_400) };
}

function burst(text: string): Burst {
  const [, factor, rest] = /^([\d.]+)@(.+)$/.exec(text) ?? [];
  if (factor === undefined || rest === undefined) {
    throw new UsageError(
      `--burst: must be FACTOR@SECOND+SECONDS, as in 5@20+10, got ${JSON.stringify(text)}`,
    );
  }
  return { ...span("burst", rest), factor: number("burst", factor, 0, 1_000) };
}

function latency(text: string): [number, number] {
  const [, near, far] = /^([\d.]+)(?:-([\d.]+))?$/.exec(text) ?? [];
  if (near === undefined) {
    throw new UsageError(`--latency: must be MS or MS-MS, as in 3-80, got ${JSON.stringify(text)}`);
  }
  const nearMs = number("latency", near, 0, 60_000);
  return [nearMs, number("latency", far ?? near, nearMs, 60_000)];
}
