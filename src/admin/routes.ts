/**
 * The routes. They live in KV alone, which shows a write everywhere only after "up to 60 seconds or more": two writers
 * within that time may not see each other.
 * @module
 */
import * as z from "zod";
import { canonicalJson } from "../config/canonical.ts";
import { ROUTES_KEY } from "../config/documents.ts";
import { formatPath } from "../config/errors.ts";
import { parseJson } from "../config/json.ts";
import { checkReferences, parseRoutes } from "../config/parse.ts";
import { type RouteConfig, routesSchema } from "../config/schema.ts";
import { readDocument, writeDocument } from "../platform/config-source.ts";
import type { Env } from "../platform/env.ts";
import { logLine } from "../platform/log.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool } from "./pool-client.ts";
import { listPools } from "./pools.ts";
import { Problem } from "./problems.ts";

/** Until KV shows a write everywhere, this isolate remembers its own, so that who writes and then reads sees it. */
const KV_DELAY_MS = 60_000;
let lastWrite: { routes: unknown; updatedAt: number } | null = null;

/** KV takes one write per second and key (PLATFORM: KV). */
const SECOND_TRY_MS = 1_100;

interface StoredRoutes {
  routes: unknown;
  etag: string;
  updatedAt: number | null;
}

export async function readRoutes(env: Env): Promise<StoredRoutes> {
  const document = await readDocument(env, ROUTES_KEY);
  const updatedAt = document?.updatedAt ?? null;
  const own = lastWrite !== null && Date.now() - lastWrite.updatedAt < KV_DELAY_MS ? lastWrite : null;
  if (own !== null && updatedAt !== null && own.updatedAt > updatedAt) {
    return { ...own, etag: await etagOfRoutes(own.routes) };
  }
  const routes = parseJson(document?.text ?? "[]") ?? null;
  return { routes, etag: await etagOfRoutes(routes), updatedAt };
}

async function etagOfRoutes(routes: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(routes));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 12);
  return `"${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** @throws Problem unless If-Match allows for `etag` */
function checkMatch(request: Request, etag: string): void {
  const match = request.headers.get("if-match");
  if (match === null || match.trim() === "*") return;
  const tags = match.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (!tags.includes(etag)) throw new Problem("precondition_failed", { headers: { etag } });
}

/** Pools that `routes` may name. KV's list may not show one that was made a moment ago, so its object is asked. */
async function knownPools(env: Env, routes: readonly RouteConfig[]): Promise<Set<string>> {
  const known = new Set(await listPools(env));
  const named = routes.flatMap(({ pool, split, fallback_pool }) => [
    ...(pool === null ? [] : [pool]),
    ...(split ?? []).map((item) => item.pool),
    ...(fallback_pool === null ? [] : [fallback_pool]),
  ]);
  const missing = [...new Set(named)].filter((pool) => !known.has(pool));
  const asked = missing.map(async (pool) => {
    const { configured } = await askPool(env, pool, (stub) => stub.summary());
    if (configured) known.add(pool);
  });
  await Promise.all(asked);
  return known;
}

/** @throws Problem with each error's path and rule */
export async function validateRoutes(env: Env, document: unknown): Promise<void> {
  const parsed = parseRoutes(document);
  const errors = parsed.ok
    ? checkReferences(parsed.value, await knownPools(env, parsed.value))
    : parsed.errors;
  if (errors.length === 0) return;
  throw new Problem("invalid", {
    errors: errors.map(({ path, message }) => ({ path: formatPath(path), message })),
  });
}

async function store(env: Env, document: unknown, updatedAt: number): Promise<void> {
  const text = canonicalJson(document);
  lastWrite = { routes: document, updatedAt };
  try {
    await writeDocument(env, ROUTES_KEY, text, updatedAt);
  } catch {
    await scheduler.wait(SECOND_TRY_MS);
    try {
      await writeDocument(env, ROUTES_KEY, text, updatedAt);
    } catch (error) {
      lastWrite = null;
      logLine({ event: "routes_not_stored", error: String(error) });
      throw new Problem("store_unavailable", { retryAfterS: 2 });
    }
  }
}

const routesAnswer = z.object({
  routes: z.unknown().describe("As their author wrote them; the schema is that of the PUT's body"),
  etag: z.string(),
  updated_at: z.number().nullable().describe("When they were written, in ms since the epoch"),
});

export const ROUTE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/routes",
    scope: "read",
    summary: "The routes",
    answer: routesAnswer,
    async run({ env }) {
      const { routes, etag, updatedAt } = await readRoutes(env);
      return json({ routes, etag, updated_at: updatedAt }, { headers: { etag } });
    },
  }),
  endpoint({
    method: "put",
    path: "/routes",
    scope: "admin",
    summary: "Replaces the routes. Every pool they name must exist",
    conditional: true,
    body: routesSchema,
    bodyUnchecked: true,
    answer: z.object({ etag: z.string(), changed: z.boolean() }),
    problems: ["precondition_failed", "invalid", "too_large", "store_unavailable"],
    async run({ env, request, raw, principal }) {
      const before = await readRoutes(env);
      checkMatch(request, before.etag);
      await validateRoutes(env, raw);
      const etag = await etagOfRoutes(raw);
      // Written even if they seem to be the same: what was read may be KV's past.
      await store(env, raw, Math.max(Date.now(), (before.updatedAt ?? 0) + 1));
      const changed = etag !== before.etag;
      if (changed) logLine({ event: "audit", who: principal.name, detail: "put the routes" });
      return json({ etag, changed }, { headers: { etag } });
    },
  }),
];
