/**
 * Finds bindings that origins name and wrangler.toml does not declare.
 * @module
 */
import type { PoolConfig } from "../../../src/config/schema.ts";

/** Names of all bindings that wrangler.toml declares in lists, as it does those of origins. @param config wrangler's */
export function declaredBindings(config: object): ReadonlySet<string> {
  const entries: unknown[] = Object.values(config).flatMap((value) => (Array.isArray(value) ? value : []));
  return new Set(entries.flatMap((entry) => (hasBinding(entry) ? [entry.binding] : [])));
}

function hasBinding(entry: unknown): entry is { readonly binding: string } {
  return (
    typeof entry === "object" && entry !== null && "binding" in entry && typeof entry.binding === "string"
  );
}

/** A line for each origin that would get no requests. */
export function undeclaredBindings(
  pools: Readonly<Record<string, PoolConfig>>,
  declared: ReadonlySet<string>,
): string[] {
  return Object.entries(pools).flatMap(([pool, { origins }]) =>
    origins.flatMap(({ id, binding }) => {
      if (binding === null || declared.has(binding)) return [];
      return [
        `warning: pools.${pool}: origin "${id}" gets no requests, for wrangler.toml declares no binding ${binding}`,
      ];
    }),
  );
}
