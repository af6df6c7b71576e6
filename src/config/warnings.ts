/**
 * Finds settings that are valid but most likely not meant: routes that no request reaches, settings without effect,
 * checks that cannot keep their interval. A warning never keeps a configuration from being applied.
 * @module
 */
import type { ConfigPath } from "./errors.ts";
import { poolWarnings } from "./pool-warnings.ts";
import { routeWarnings } from "./route-warnings.ts";
import type { ConfigFile } from "./schema.ts";

export interface ConfigWarning {
  readonly path: ConfigPath;
  /** The sentence, without the path. */
  readonly message: string;
}

/** The warnings of a whole configuration, routes first. */
export function warningsOf({ routes, pools }: ConfigFile): ConfigWarning[] {
  return [
    ...routeWarnings(routes, pools),
    ...Object.entries(pools).flatMap(([id, pool]) =>
      poolWarnings(pool).map(({ path, message }) => ({ path: ["pools", id, ...path], message })),
    ),
  ];
}
