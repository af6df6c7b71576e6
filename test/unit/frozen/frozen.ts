/**
 * Collects all names and forms that a deployed version sends, stores or gives its users, from the program itself: types
 * from their source text, tables from SQLite, cookies from the code that writes them.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { ENDPOINTS } from "../../../src/admin/endpoints/all.ts";
import { PROBLEMS as API_PROBLEMS } from "../../../src/admin/http/problems.ts";
import { poolKey, ROUTES_KEY } from "../../../src/config/documents.ts";
import { UNSERVED_REASONS } from "../../../src/contract/sync.ts";
import { NOTE_FLAGS } from "../../../src/contract/verdict-note.ts";
import { ANSWER_CLASSES } from "../../../src/core/metrics/client-counts.ts";
import { PROBLEMS as EDGE_PROBLEMS } from "../../../src/edge/response/problem.ts";
import { SessionCookie } from "../../../src/platform/session-cookie.ts";
import { COUNTS } from "../../../src/pool/stats/traffic-counts.ts";
import { METADATA } from "../../../src/pool/storage/metadata.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";
import { exposedMetrics } from "./exposed-metrics.ts";
import { declaredTypes, typeLines } from "./type-lines.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Types of `src/core` that are sent as they are. Those of `src/contract` are all taken. */
const SENT: Record<string, readonly string[]> = {
  "src/core/cursor/cursor-lease.ts": ["CursorRange"],
  "src/core/load-balancer.ts": ["DecisionReason"],
  "src/core/metrics/client-counts.ts": ["AnswerCounts", "ClientCountsData"],
  "src/core/metrics/latency-sketch.ts": ["SketchData"],
  "src/core/rate-limit/rate-lease.ts": ["RateReport", "RateGrant"],
  "src/core/server/eligibility.ts": ["Ineligibility"],
  "src/config/routing.ts": ["PassedRoute", "SplitChoice"],
};

/** Types by file, in the order of the list. */
type Files = readonly (readonly [string, readonly string[]])[];

/** Types that are written as JSON into SQLite. */
const STORED: Files = [
  ["src/core/health/health-state.ts", ["HealthState", "FlapState"]],
  ["src/core/health/outlier-detector.ts", ["OutlierState"]],
  [
    "src/pool/storage/stored-forms.ts",
    ["Reading", "PendingWrite", "ConfigState", "Delivery", "GrantWatermark"],
  ],
  ["src/pool/origins/drain.ts", ["Drain"]],
  ["src/pool/origins/origin-record.ts", ["OriginRecord"]],
  ["src/pool/storage/stored-forms.ts", ["Index"]],
  ["src/pool/stats/period-stats.ts", ["OriginRow", "Summary", "Sketches"]],
];

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
    .map((file) => join(folder, file))
    .sort();
}

function found(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name = ""]) => name))].sort();
}

function types(files: Files): string[] {
  return files.flatMap(([file, names]) => typeLines(read(file), names));
}

function contract(): string[] {
  return sources("src/contract").flatMap((file) => typeLines(read(file), declaredTypes(read(file))));
}

function tables(): string[] {
  const sql = memorySql();
  new PoolStore(sql).put("steered", false);
  const made =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
  const names = sql.exec<{ name: string }>(made).toArray();
  return names.flatMap(({ name: table }) => {
    const columns = "SELECT name, type, pk FROM pragma_table_info(?)";
    const rows = sql.exec<{ name: string; type: string; pk: number }>(columns, table).toArray();
    return rows.map(({ name, type, pk }) => `${table}.${name} ${type}${pk > 0 ? ` PRIMARY KEY ${pk}` : ""}`);
  });
}

function sessionCookie(): string {
  const origin = { id: "a" };
  const tokens = { tokens: { a: "T".repeat(22) }, previous: {}, pool_tag: "P".repeat(6) };
  const config = { cookie_name: "NAME", ttl: 3_600, method: "cookie" } as const;
  const cookie = new SessionCookie({ ...config, on_lost: "repin" } as never, [origin], tokens);
  return cookie.write(origin, ["OTHER"], 1_800_000_000_000, true) ?? "none";
}

function deployment(): string[] {
  const wrangler = read("wrangler.toml").replace(/^#.*$/gm, "");
  const kept = /^(?:name|binding|class_name|tag|new_sqlite_classes|crons) = .*$/gm;
  return wrangler.match(kept) ?? [];
}

function paths(): string[] {
  return ENDPOINTS.map(({ method, path, scope }) => `${method.toUpperCase()} /_lb${path} (${scope})`).sort();
}

function problems(of: Record<string, { status: number }>): string[] {
  return Object.entries(of).map(([type, { status }]) => `${type} ${status}`);
}

function inOrder(of: string, names: readonly string[]): string[] {
  return names.map((name, index) => `${of}[${index}] ${name}`);
}

/** Everything that is frozen, by kind. */
export function frozen(): Record<string, readonly string[]> {
  const code = sources("src").map(read).join("\n");
  return {
    "calls: methods and fields, of the admin API too": [...contract(), ...types(Object.entries(SENT))],
    "stored: tables and columns": tables(),
    "stored: names of single values": Object.keys(METADATA).sort(),
    "stored: forms in JSON": types(STORED),
    "stored and sent: order of counts": [
      ...inOrder("counts", COUNTS),
      ...inOrder("unserved", UNSERVED_REASONS),
      ...inOrder("answers", ANSWER_CLASSES),
    ],
    "KV: keys and metadata": [
      ROUTES_KEY,
      poolKey("<id>"),
      ...found(read("src/platform/config-source.ts"), /metadata: \{ (\w+):/g),
    ],
    "cookies: a client's session": [sessionCookie()],
    "cookies: an operator's session": found(
      read("src/admin/auth/session.ts"),
      /"((?:__Secure-)?lb_\w+|edge-balancer session[^"]*)"/g,
    ),
    "deployment: classes, bindings, migrations": deployment(),
    "metrics: names and labels": exposedMetrics(),
    "problems of the data path": problems(EDGE_PROBLEMS),
    "problems of the admin API": problems(API_PROBLEMS),
    "paths of the admin API": paths(),
    "notes in the cache: names, key and order of flags": [
      ...found(read("src/edge/worker-surroundings.ts"), /"(edge-balancer[:.]\w+)"/g),
      ...found(read("src/edge/worker-surroundings.ts"), /`https:\/\/\$\{NOTES_HOST\}\/(\w+)\//g),
      ...inOrder("flags", NOTE_FLAGS),
    ],
    "log lines": found(code, /\bevent: "(\w+)"/g),
    "headers that are read or sent here": found(code, /"((?:x-edge|x-lb|cf-access)[\w-]*)"/g),
  };
}

/** Where the list is kept. */
export const FROZEN_FILE = join(ROOT, "test/golden/frozen.json");
