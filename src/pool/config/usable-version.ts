/**
 * Finds, after a start, the newest kept version that this code can use. Newer code may have stored a document that this
 * code cannot read.
 * @module
 */
import { formatErrors } from "../../config/errors.ts";
import type { Result } from "../../config/parse.ts";
import type { ConfigStore, ConfigVersion } from "../storage/config-store.ts";

interface Usable<C> {
  /** Null: none can be used. */
  readonly serving: { readonly version: ConfigVersion; readonly config: C } | null;
  /** The end of a sentence on why it is not the newest; null: it is. */
  readonly problem: string | null;
}

/** One document in memory at a time: each may have 2 MB. */
export function newestUsable<C>(
  store: Pick<ConfigStore, "configDates" | "configVersion">,
  parse: (value: unknown) => Result<C>,
): Usable<C> {
  let reason: string | null = null;
  for (const { version } of store.configDates()) {
    const kept = store.configVersion(version);
    const parsed = kept === null ? null : parse(JSON.parse(kept.document));
    if (kept === null || parsed === null) continue;
    if (parsed.ok) {
      const problem = reason === null ? null : `, version ${version} is in force: ${reason}`;
      return { serving: { version: kept, config: parsed.value }, problem };
    }
    reason ??= formatErrors(parsed.errors);
  }
  return { serving: null, problem: `: ${reason ?? "it is not kept"}` };
}
