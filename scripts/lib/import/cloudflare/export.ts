/**
 * Reads what was saved of Cloudflare's API or of Terraform's state, in one file or several.
 * @module
 */
import type * as z from "zod";
import { type ConfigPath, errorsOf } from "../../../../src/config/errors.ts";
import { type JsonText, offsetOf, parseJsonText } from "../../config-file.ts";
import type { Findings } from "../findings.ts";
import { ImportError } from "../result.ts";
import { answersIn, type PageInfo } from "./answers.ts";
import { isObject, type Raw } from "./raw.ts";
import {
  type CfLoadBalancer,
  type CfMonitor,
  type CfPool,
  loadBalancerSchema,
  monitorSchema,
  poolSchema,
} from "./schemas.ts";
import { terraformItems } from "./terraform.ts";

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
type Page = PageInfo & { readonly at: string };

/** @throws ImportError if a file is no JSON, or not such an export */
export function readCloudflareExport(sources: readonly Source[], findings: Findings): CloudflareExport {
  const all: CloudflareExport = { pools: [], monitors: [], loadBalancers: [] };
  const pages: Page[] = [];
  const errors: string[] = [];
  for (const source of sources) {
    const json = parseJsonText(source.text, source.name);
    if (json.ok) errors.push(...readInto(all, json, pages));
    else errors.push(...(isHcl(source) ? [`${source.name}: ${HCL}`] : json.errors));
  }
  if (errors.length > 0) throw new ImportError(errors.join("\n"));
  if (all.pools.length === 0) {
    const names = sources.map(({ name }) => name).join(", ");
    throw new ImportError(`${names}: there are no pools in it: give the file that has them as well`);
  }
  reportPages(pages, all, findings);
  return all;
}

const HCL =
  "this is Terraform's HCL, which has names where the values are: `terraform show -json > state.json` and import that, or save the API's answers";

function isHcl({ name, text }: Source): boolean {
  return name.endsWith(".tf") || /^\s*(resource|data|variable|module|provider)\s+"/m.test(text);
}

/** @returns what is wrong */
function readInto(all: CloudflareExport, json: Json, pages: Page[]): string[] {
  const terraform = terraformItems(json.value);
  const answers = terraform === null ? answersIn(json.value) : { items: terraform, pages: [], refused: [] };
  const errors = answers.refused.map(({ path, message }) => placeOf(json, path, message));
  if (terraform?.length === 0) {
    errors.push(json.at(0, "there is no cloudflare_load_balancer_pool or the like in this state"));
  }
  for (const raw of answers.items) {
    if (raw.kind === "pools") all.pools.push(...checked(poolSchema, raw, json, errors));
    else if (raw.kind === "monitors") all.monitors.push(...checked(monitorSchema, raw, json, errors));
    else all.loadBalancers.push(...checked(loadBalancerSchema, raw, json, errors));
  }
  for (const page of answers.pages) pages.push({ ...page, at: placeOf(json, page.path, "result_info") });
  return errors;
}

/** Says which pages are missing: by the number of things if the API gives it, else by the pages' numbers. */
function reportPages(pages: readonly Page[], all: CloudflareExport, findings: Findings): void {
  const given = {
    pools: idsOf(all.pools),
    monitors: idsOf(all.monitors),
    load_balancers: idsOf(all.loadBalancers),
  };
  for (const { kind, page, pages: count, total, at } of pages) {
    const here = kind === null ? 0 : given[kind].size;
    if (total !== null && total > here) {
      findings.todo(at, `${here} of ${total}: give the other pages as further files`);
    } else if (total === null && count !== null && count > 1) {
      const seen = new Set(pages.filter((other) => other.kind === kind).map((other) => other.page));
      if (seen.size < count) {
        findings.todo(at, `this is page ${page} of ${count}: give the other pages as further files`);
      }
    }
  }
}

function idsOf(items: readonly Item<{ id?: string | null | undefined; name?: unknown }>[]): Set<unknown> {
  return new Set(items.map(({ value }) => value.id ?? value.name));
}

function checked<T>(schema: z.ZodType<T>, raw: Raw, json: Json, errors: string[]): Item<T>[] {
  const parsed = schema.safeParse(raw.value);
  if (parsed.success) return [{ value: parsed.data, at: placer(raw, json) }];
  for (const error of errorsOf(parsed.error.issues, schema, raw.value, raw.path)) {
    const path = [...raw.path, ...raw.locate(error.path.slice(raw.path.length))];
    errors.push(json.at(offsetOf(json.tree, { path, at: error.at }), error.message));
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
    return placeOf(json, [...raw.path, ...raw.locate(path)], text);
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
