/**
 * The things in answers of Cloudflare's API (`{ "result": [...] }`), bare lists, single things, or one object with
 * `pools`, `monitors` and `load_balancers`.
 * @module
 */
import type { ConfigPath } from "../../../../src/config/errors.ts";
import { isObject, KINDS, type Kind, type Raw } from "./raw.ts";

/** What an answer says of the pages that it is one of. */
export interface PageInfo {
  /** null: the answer is empty, so that it cannot be told. */
  readonly kind: Kind | null;
  /** Of `result_info`. */
  readonly path: ConfigPath;
  readonly page: number;
  /** Number of pages; null: not said. */
  readonly pages: number | null;
  /** Number of things on all pages; null: not said. */
  readonly total: number | null;
}

export interface Answers {
  readonly items: Raw[];
  readonly pages: PageInfo[];
  /** What is none of these. */
  readonly refused: { readonly path: ConfigPath; readonly message: string }[];
}

export function answersIn(value: unknown): Answers {
  const found: Answers = { items: [], pages: [], refused: [] };
  const keyed = KINDS.filter((kind) => isObject(value) && value[kind] !== undefined);
  if (keyed.length === 0 || !isObject(value)) unwrap(value, [], null, found);
  else for (const kind of keyed) unwrap(value[kind], [kind], kind, found);
  return found;
}

/** @param kind null: to be told by what the things hold */
function unwrap(value: unknown, path: ConfigPath, kind: Kind | null, found: Answers): void {
  if (isObject(value) && value.success === false) {
    found.refused.push({ path, message: `an error of the API, not an export${messageIn(value.errors)}` });
    return;
  }
  if (isObject(value) && "result" in value) {
    const before = found.items.length;
    unwrap(value.result ?? [], [...path, "result"], kind, found);
    found.pages.push(...pageInfo(value.result_info, path, kind ?? found.items[before]?.kind ?? null));
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) unwrap(item, [...path, index], kind, found);
    return;
  }
  const known = kind ?? kindOf(value);
  if (known !== null) found.items.push({ kind: known, value, path, locate: (steps) => steps });
  else found.refused.push({ path, message: notKnown(value) });
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

function notKnown(value: unknown): string {
  const what =
    "neither a pool, a monitor nor a load balancer of Cloudflare's API, nor a state of Terraform's";
  if (isObject(value) && value.version === 3 && "modules" in value) {
    return `${what} that can be read: save what "terraform show -json" prints, and import that`;
  }
  return `${what}: save the API's answers, or what "terraform show -json" prints, and import these`;
}

function pageInfo(info: unknown, path: ConfigPath, kind: Kind | null): PageInfo[] {
  if (!isObject(info)) return [];
  const { page, total_pages: pages, total_count: total } = info;
  const number = (value: unknown) => (typeof value === "number" ? value : null);
  return [
    {
      kind,
      path: [...path, "result_info"],
      page: number(page) ?? 1,
      pages: number(pages),
      total: number(total),
    },
  ];
}
