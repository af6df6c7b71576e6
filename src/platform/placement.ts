/**
 * Chooses where objects live. An object is made near its first caller and stays there for good (docs/platform.md,
 * placement). That is right if the first caller serves a client's request. But mostly it is the watchdog, which runs
 * anywhere, or the operator. So the deployment may name a place, and then every caller passes it on.
 * @module
 */
import type { Env } from "./env.ts";
import { logLine } from "./log.ts";

/** Cloudflare's location hints, each with its name for people. */
export const LOCATION_HINTS: Readonly<Record<DurableObjectLocationHint, string>> = {
  wnam: "western North America",
  enam: "eastern North America",
  sam: "South America",
  weur: "western Europe",
  eeur: "eastern Europe",
  apac: "Asia and the Pacific",
  "apac-ne": "north-eastern Asia",
  "apac-se": "south-eastern Asia",
  oc: "Oceania",
  afr: "Africa",
  me: "the Middle East",
};

/** The last invalid value that was logged: one log line an isolate is enough. */
let complainedOf = "";

/**
 * The options for a call to an object; undefined: near the first caller. It reads nothing of the request, since that
 * would cost each call.
 */
export function placement(env: Env): { locationHint: DurableObjectLocationHint } | undefined {
  const hint = env.LOCATION_HINT ?? "";
  if (hint === "") return undefined;
  if (isLocationHint(hint)) return { locationHint: hint };
  if (complainedOf !== hint) {
    complainedOf = hint;
    logLine({
      event: "location_hint_unknown",
      detail: `LOCATION_HINT is none of ${Object.keys(LOCATION_HINTS).join(", ")}`,
    });
  }
  return undefined;
}

function isLocationHint(text: string): text is DurableObjectLocationHint {
  return Object.hasOwn(LOCATION_HINTS, text);
}
