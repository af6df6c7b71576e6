/**
 * Waits for an effect of another process.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/** So long a busy machine may take for what takes a second. */
const LIMIT_MS = 120_000;

/**
 * Polls until `check` gives something other than undefined, null or false.
 * The limit only ends a failed test; tests conclude nothing from the time that it took.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  limitMs = LIMIT_MS,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1_000} s in vain: ${what}`);
    await sleep(POLL_MS);
  }
}
