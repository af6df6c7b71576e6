/**
 * A time limit for work that belongs to others.
 * @module
 */

export class LateError extends Error {
  constructor(who: string, withinMs: number) {
    super(`${who} did not answer within ${withinMs} ms`);
  }
}

/** Why the wait for a late answer ends. Given, because an abort without a reason makes an exception with a trace. */
const ANSWERED = "answered";

/** Resolves after `ms`; rejects when `signal` is aborted. */
export type AbortableWait = (ms: number, signal: AbortSignal) => Promise<void>;

const platformWait: AbortableWait = (ms, signal) => scheduler.wait(ms, { signal });

/**
 * The result of `work`, which goes on if it is late; then nobody hears of its end.
 * @param who does the work, for the error
 * @param wait for another clock than the platform's
 * @throws LateError after `withinMs`
 */
export async function inTime<T>(
  work: Promise<T>,
  who: string,
  withinMs: number,
  wait: AbortableWait = platformWait,
): Promise<T> {
  const end = new AbortController();
  const late = wait(withinMs, end.signal).then(() => {
    throw new LateError(who, withinMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    end.abort(ANSWERED);
    late.catch(() => undefined);
  }
}
