/**
 * Makes small exports of Cloudflare's API for tests, and imports them.
 * @module
 */
import { importCloudflare } from "../../scripts/lib/import/cloudflare/index.ts";
import type { Finding } from "../../scripts/lib/import/findings.ts";
import type { ImportOptions } from "../../scripts/lib/import/origin-url.ts";

export const AS_IT_HINTS: ImportOptions = { scheme: null, names: new Map(), local: false };

export function importing(document: unknown, options: Partial<ImportOptions> = {}) {
  const source = { name: "cf.json", text: JSON.stringify(document) };
  const { config, findings } = importCloudflare([source], { ...AS_IT_HINTS, ...options });
  return { config, findings: findings.all };
}

/** A pool with one origin, and a load balancer that uses it. */
export function oneOf(parts: { pool?: object; origin?: object; monitor?: object; balancer?: object }) {
  const origin = {
    name: "a",
    address: "a.example.com",
    header: { Host: ["a.example.com"] },
    ...parts.origin,
  };
  const monitor = { id: "m", expected_codes: "200", retries: 0, interval: 60, ...parts.monitor };
  return {
    pools: [
      { id: "p", name: "web", origins: [origin], ...(parts.monitor ? { monitor: "m" } : {}), ...parts.pool },
    ],
    monitors: parts.monitor === undefined ? [] : [monitor],
    load_balancers: [
      { name: "www.example.com", default_pools: ["p"], fallback_pool: "p", ...parts.balancer },
    ],
  };
}

export function webOf(parts: Parameters<typeof oneOf>[0], options: Partial<ImportOptions> = {}) {
  return importing(oneOf(parts), options).config.pools.web;
}

/** The messages about the paths that end in `path`. */
export function said(findings: readonly Finding[], path: string): string[] {
  return findings.filter(({ at }) => at.endsWith(path)).map(({ kind, message }) => `${kind}: ${message}`);
}

/** Three pools named as their ids, without monitors. */
export const THREE = ["a", "b", "c"].map((id) => ({
  id,
  name: id,
  origins: [{ name: id, address: `${id}.example.com` }],
}));

export function routeOf(balancer: object, pools: object[] = THREE) {
  const { config, findings } = importing({
    pools,
    load_balancers: [{ name: "www.example.com", ...balancer }],
  });
  return { route: config.routes?.[0], findings };
}
