/**
 * Reads a session cookie as the edge does (edge/cookie-affinity.ts), to explain it.
 * @module
 */
import type { StickyConfig } from "../config/schema.ts";
import type { AffinityTokens } from "../contract/sync.ts";
import { cookieValues } from "../core/cookie-header.ts";

export interface CookieReading {
  state: "absent" | "valid" | "expired" | "unknown";
  /** The origin that a valid or expired cookie names. */
  origin: string | null;
}

/** @param header the request's Cookie header; empty if there is none */
export function readSessionCookie(
  header: string,
  sticky: StickyConfig,
  tokens: AffinityTokens | null,
  nowMs: number,
): CookieReading {
  const parts = cookieValues(header, sticky.cookie_name).flatMap((value) => value.split("~"));
  let reading: CookieReading = { state: parts.length === 0 ? "absent" : "unknown", origin: null };
  for (const part of parts) {
    const [token = "", issued = ""] = part.split(".");
    const origin = originOf(token, tokens);
    if (origin === null) continue;
    const ageS = nowMs / 1_000 - Number.parseInt(issued, 36);
    if (ageS <= sticky.ttl) return { state: "valid", origin };
    reading = { state: "expired", origin };
  }
  return reading;
}

function originOf(token: string, tokens: AffinityTokens | null): string | null {
  for (const known of [tokens?.tokens ?? {}, tokens?.previous ?? {}]) {
    const found = Object.entries(known).find(([, value]) => value === token);
    if (found !== undefined) return found[0];
  }
  return null;
}
