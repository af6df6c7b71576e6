/**
 * Requests that come at once to a pool with a limit of one a second.
 * @module
 */
import { expect } from "vitest";
import type { Reply } from "./client.ts";
import { eventually } from "./eventually.ts";

const REQUESTS = 8;

/** @returns the replies, and how many of them such a limit lets through at most: as many as fit into the time */
export async function burst(ask: () => Promise<Reply>): Promise<{ replies: Reply[]; most: number }> {
  const startedMs = performance.now();
  const replies = await Promise.all(Array.from({ length: REQUESTS }, ask));
  return { replies, most: 1 + Math.ceil((performance.now() - startedMs) / 1_000) };
}

/**
 * Sends bursts until one is over the limits, which on a busy machine may be none of the first.
 * @param limits how many pools with such a limit there are
 * @returns the replies that say so
 */
export async function refusedInBurst(ask: () => Promise<Reply>, limits: number): Promise<Reply[]> {
  return await eventually("a burst over the limit", async () => {
    const { replies, most } = await burst(ask);
    const refused = replies.filter(({ status }) => status === 503);
    expect(replies.length - refused.length).toBeLessThanOrEqual(limits * most);
    return refused.length > 0 && refused;
  });
}
