/**
 * The state of the pools as a table.
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import { noBindingText } from "../../src/contract/no-binding.ts";
import { poolStatusText } from "../../src/contract/pool-status.ts";
import { elapsedS } from "../../src/contract/stats.ts";
import { ownValue } from "../../src/core/own-value.ts";
import { type ConfiguredOrigin, configuredOrigins, type PoolAnswer, type PoolStatus } from "./status.ts";
import { age, count, countdown, latency, percent, rate } from "./terminal/format.ts";
import type { Paint } from "./terminal/paint.ts";
import { type Align, table } from "./terminal/table.ts";

type OriginAnswer = PoolAnswer["origins"][number];
type Colour = "green" | "yellow" | "red" | "dim";

interface Traffic {
  readonly requests: number;
  readonly error_rate: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly answers_broken_off?: number | undefined;
}

const COLUMNS: readonly { readonly title: string; readonly align: Align }[] = [
  { title: "POOL", align: "left" },
  { title: "HEALTH", align: "left" },
  { title: "SINCE", align: "right" },
  { title: "REQ/S", align: "right" },
  { title: "ERRORS", align: "right" },
  { title: "P50", align: "right" },
  { title: "P99", align: "right" },
  { title: "ACTIVE", align: "right" },
  { title: "SHARE", align: "right" },
  // Remarks are cut if the terminal is too narrow for them.
  { title: "", align: "left" },
];
/** These columns are left out first if the terminal is too narrow for all. */
const DROPPED_FIRST = ["P50", "SHARE", "SINCE", "P99", "ERRORS", "ACTIVE"];

export interface TableOptions {
  /** The time in ms since the epoch, used if the balancer does not tell its own time. */
  readonly nowMs: number;
  /** Width of the terminal in characters; undefined: no limit. */
  readonly width: number | undefined;
  readonly paint: Paint;
}

/** The titles, and a row for each pool and each of its origins. */
export function statusTable(
  pools: readonly PoolStatus[],
  { nowMs, width = Number.POSITIVE_INFINITY, paint }: TableOptions,
): string[] {
  if (pools.length === 0) return ["No pools are configured."];
  const total = pools.reduce((sum, { traffic }) => sum + (traffic?.requests ?? 0), 0);
  const rows = pools.flatMap((pool) => poolRows(pool, total, nowMs, paint));
  const all = [COLUMNS.map(({ title }) => paint.dim(title)), ...rows];
  for (let drop = 0; ; drop++) {
    const dropped = new Set(DROPPED_FIRST.slice(0, drop));
    const kept = COLUMNS.map(({ title }) => !dropped.has(title));
    const only = <T>(row: readonly T[]) => row.filter((_, column) => kept[column]);
    const lines = table(
      all.map(only),
      only(COLUMNS).map(({ align }) => align),
    );
    // The titles are as wide as all columns but the remarks.
    const taken = stripVTControlCharacters(lines[0] ?? "").trimEnd().length;
    if (taken <= width || drop === DROPPED_FIRST.length) return lines;
  }
}

function poolRows(pool: PoolStatus, total: number, hereMs: number, paint: Paint): string[][] {
  const { id, state, traffic, error } = pool;
  const nowMs = traffic?.at ?? hereMs;
  const name = paint.bold(id);
  if (state === null) return [[name, paint.red(error ?? "unknown")]];
  const configured = configuredOrigins(state);
  const serving = state.origins.filter((origin) => serves(origin, configured.get(origin.id))).length;
  const health = `${serving} of ${state.origins.length} in service`;
  const colour: Colour = serving === state.origins.length ? "green" : serving > 0 ? "yellow" : "red";
  const seconds = traffic === null ? 0 : elapsedS(traffic);
  const refused =
    state.config_error === null ? null : `new configuration refused: ${firstLine(state.config_error)}`;
  const steered = state.status == null ? null : poolStatusText(state.status, nowMs);
  const note = paint.yellow([refused, steered].filter((each) => each !== null).join("; "));
  return [
    [
      name,
      paint[colour](health),
      "",
      ...numbers(traffic, seconds, state.active_connections, total, paint),
      note,
    ],
    ...state.origins.map((origin) => {
      const own = ownValue(traffic?.origins, origin.id) ?? null;
      return [
        `  ${origin.id}`,
        ...healthCells(origin, configured.get(origin.id), nowMs, paint),
        ...numbers(own, seconds, origin.active_connections, traffic?.requests ?? 0, paint),
        paint.dim(noteOn(origin, configured.get(origin.id), nowMs, own)),
      ];
    }),
  ];
}

/** @param whole the requests that `traffic` is a share of */
function numbers(
  traffic: Traffic | null,
  seconds: number,
  active: number,
  whole: number,
  paint: Paint,
): string[] {
  if (traffic === null) return ["-", "-", "-", "-", `${active}`, "-"];
  const { requests, error_rate, p50, p99 } = traffic;
  const errors = percent(error_rate, 1);
  return [
    rate(seconds > 0 ? requests / seconds : 0),
    error_rate > 0 ? paint.red(errors) : errors,
    latency(p50),
    latency(p99),
    `${active}`,
    whole === 0 ? "-" : percent(requests / whole),
  ];
}

function healthCells(
  origin: OriginAnswer,
  configured: ConfiguredOrigin | undefined,
  nowMs: number,
  paint: Paint,
): string[] {
  const [word, colour] = statusOf(origin, configured);
  return [paint[colour](word), age(nowMs - origin.since)];
}

/** The first reason why an origin is not in service, in the order in which the balancer looks at them. */
function statusOf(origin: OriginAnswer, configured: ConfiguredOrigin | undefined): [string, Colour] {
  if (configured?.enabled === false) return ["switched off", "dim"];
  if (origin.no_binding) return ["no binding", "red"];
  if (origin.drained) return ["drained", "dim"];
  if (origin.draining) return [origin.removing ? "removing" : "draining", "yellow"];
  if (!origin.healthy) return [origin.status, "red"];
  if (origin.ejected) return ["ejected", "red"];
  return ["healthy", "green"];
}

function serves(origin: OriginAnswer, configured: ConfiguredOrigin | undefined): boolean {
  return statusOf(origin, configured)[0] === "healthy" && configured?.weight !== 0;
}

function noteOn(
  origin: OriginAnswer,
  configured: ConfiguredOrigin | undefined,
  nowMs: number,
  traffic: Traffic | null,
): string {
  const brokenOff = traffic?.answers_broken_off ?? 0;
  const { drain_deadline, draining, ejected, ejected_until, last_probe, weight_factor, healthy } = origin;
  const notes = [
    origin.no_binding ? noBindingText(origin.binding ?? "") : "",
    draining && drain_deadline !== null ? `${countdown(drain_deadline - nowMs)} left` : "",
    !healthy && last_probe !== null && !last_probe.passed ? last_probe.detail : "",
    ejected && ejected_until !== null ? `back in ${countdown(ejected_until - nowMs)}` : "",
    weight_factor < 1 ? `starts slowly, at ${percent(weight_factor)}` : "",
    brokenOff > 0 ? `${count(brokenOff, "answer")} broken off` : "",
    configured?.backup === true ? "backup" : "",
    configured?.weight === 0 ? "weight 0" : "",
  ];
  return notes.filter((note) => note !== "").join(", ");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** `http://127.0.0.1:8787   2 pools, 5 origins   traffic of the last 10 s   14:03:22` */
export function statusHead(
  base: string,
  pools: readonly PoolStatus[],
  windowS: number,
  now: Date,
  paint: Paint,
): string {
  const origins = pools.reduce((sum, { state }) => sum + (state?.origins.length ?? 0), 0);
  const time = now.toTimeString().slice(0, 8);
  const size = `${count(pools.length, "pool")}, ${count(origins, "origin")}`;
  return `${paint.bold(base)}   ${size}   traffic of the last ${windowS} s   ${time}`;
}
