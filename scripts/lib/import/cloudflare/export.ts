/**
 * Reads what was saved of Cloudflare's API: answers as they came (`{ "result": [...] }`), bare lists, or one object
 * with `pools`, `monitors` and `load_balancers`, in one file or several.
 * @module
 */
import type * as z from "zod";
import { type ConfigPath, errorsOf } from "../../../../src/config/errors.ts";
import { type JsonText, offsetOf, parseJsonText } from "../../config-file.ts";
import type { Findings } from "../findings.ts";
import { ImportError } from "../result.ts";
import {
  type CfLoadBalancer,
  type CfMonitor,
  type CfPool,
  loadBalancerSchema,
  monitorSchema,
  poolSchema,
} from "./schemas.ts";

export interface Source {
  /** What messages call it: mostly the file's path. */
  readonly name: string;
  readonly text: string;
}

/** One thing of the export, and where it stands. */
export interface Item<T> {
  readonly value: T;
  /** `FILE:line:column: pools[web].origins[a].weight` for a path within the item. */
  at(...path: (string | number)[]): string;
}

export interface CloudflareExport {
  readonly pools: Item<CfPool>[];
  readonly monitors: Item<CfMonitor>[];
  readonly loadBalancers: Item<CfLoadBalancer>[];
}

type Json = Extract<JsonText, { ok: true }>;
type Kind = "pools" | "monitors" | "load_balancers";
/** A thing of the API that is not checked yet, with its place in the file. */
interface Raw {
  readonly kind: Kind;
  readonly value: unknown;
  readonly path: ConfigPath;
}

const KINDS: readonly Kind[] = ["pools", "monitors", "load_balancers"];

/** @throws ImportError if a file is no JSON, or not such an export */
export function readCloudflareExport(sources: readonly Source[], findings: Findings): CloudflareExport {
  const all: CloudflareExport = { pools: [], monitors: [], loadBalancers: [] };
  const errors: string[] = [];
  for (const source of sources) {
    const json = parseJsonText(source.text, source.name);
    if (!json.ok) errors.push(...json.errors);
    else errors.push(...readInto(all, json, findings));
  }
  if (errors.length > 0) throw new ImportError(errors.join("\n"));
  const names = sources.map(({ name }) => name).join(", ");
  if (all.pools.length === 0) throw new ImportError(`${names}: there are no pools in it`);
  return all;
}

/** @returns what is wrong */
function readInto(all: CloudflareExport, json: Json, findings: Findings): string[] {
  const errors: string[] = [];
  const refuse = (path: ConfigPath, message: string) => errors.push(placeOf(json, path, message));
  for (const raw of rawItems(json, refuse, findings)) {
    if (raw.kind === "pools") all.pools.push(...checked(poolSchema, raw, json, errors));
    else if (raw.kind === "monitors") all.monitors.push(...checked(monitorSchema, raw, json, errors));
    else all.loadBalancers.push(...checked(loadBalancerSchema, raw, json, errors));
  }
  return errors;
}

type Refuse = (path: ConfigPath, message: string) => void;

function rawItems(json: Json, refuse: Refuse, findings: Findings): Raw[] {
  const { value } = json;
  const keyed = KINDS.filter((kind) => isObject(value) && value[kind] !== undefined);
  if (keyed.length === 0 || !isObject(value)) return unwrap(value, [], null, json, refuse, findings);
  return keyed.flatMap((kind) => unwrap(value[kind], [kind], kind, json, refuse, findings));
}

/** The things in a list, an answer or a single thing. @param kind null: to be told by what they hold */
function unwrap(
  value: unknown,
  path: ConfigPath,
  kind: Kind | null,
  json: Json,
  refuse: Refuse,
  findings: Findings,
): Raw[] {
  if (isObject(value) && value.success === false) {
    refuse(path, `an error of the API, not an export${messageIn(value.errors)}`);
    return [];
  }
  if (isObject(value) && "result" in value) {
    warnOfPages(value.result_info, placeOf(json, [...path, "result_info"], "result_info"), findings);
    return unwrap(value.result ?? [], [...path, "result"], kind, json, refuse, findings);
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => unwrap(item, [...path, index], kind, json, refuse, findings));
  }
  const found = kind ?? kindOf(value);
  if (found !== null) return [{ kind: found, value, path }];
  refuse(path, "neither a pool, a monitor nor a load balancer of Cloudflare's API");
  return [];
}

/** `: Authentication error` */
function messageIn(errors: unknown): string {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) && typeof first.message === "string" ? `: ${first.message}` : "";
}

function kindOf(value: unknown): Kind | null {
  if (!isObject(value)) return null;
  if ("origins" in value) return "pools";
  if ("default_pools" in value || "fallback_pool" in value) return "load_balancers";
  return "expected_codes" in value || "consecutive_down" in value || "retries" in value ? "monitors" : null;
}

function warnOfPages(info: unknown, at: string, findings: Findings): void {
  if (!isObject(info)) return;
  const { page, total_pages: pages } = info;
  if (typeof pages !== "number" || pages <= 1) return;
  findings.todo(at, `this is page ${String(page)} of ${pages}: give the other pages as further files`);
}

function checked<T>(schema: z.ZodType<T>, raw: Raw, json: Json, errors: string[]): Item<T>[] {
  const parsed = schema.safeParse(raw.value);
  if (parsed.success) return [{ value: parsed.data, at: placer(raw, json) }];
  for (const error of errorsOf(parsed.error.issues, schema, raw.value, raw.path)) {
    errors.push(json.at(offsetOf(json.tree, error), error.message));
  }
  return [];
}

/** Says where a path within `raw` is, in the file and by names. */
function placer(raw: Raw, json: Json): Item<unknown>["at"] {
  return (...path) => {
    let here: unknown = raw.value;
    let text = `${raw.kind}[${nameOf(here) ?? String(raw.path.at(-1))}]`;
    for (const step of path) {
      here = typeof here === "object" && here !== null ? (here as Record<string, unknown>)[step] : undefined;
      text += typeof step === "number" ? `[${nameOf(here) ?? step}]` : `.${step}`;
    }
    return placeOf(json, [...raw.path, ...path], text);
  };
}

function nameOf(value: unknown): string | null {
  if (!isObject(value)) return null;
  const name = [value.name, value.address, value.id].find((each) => typeof each === "string" && each !== "");
  return typeof name === "string" ? name : null;
}

function placeOf(json: Json, path: ConfigPath, text: string): string {
  return json.at(offsetOf(json.tree, { path, at: "value" }), text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
