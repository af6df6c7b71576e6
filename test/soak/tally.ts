/**
 * Counts of one part of a soak.
 * @module
 */

import type { Verdict } from "./oracle.ts";
import type { Result } from "./outcome.ts";
import type { Manner } from "./work.ts";

/** Number of wrong results that are reported in full. */
const MOST_EXAMPLES = 20;

export class Tally {
  requests = 0;
  bytes = 0;
  readonly byManner = new Map<Manner, number>();
  /** Allowed results, by reason. */
  readonly allowed = new Map<string, number>();
  readonly wrong = new Map<string, number>();
  readonly examples: string[] = [];

  count({ job }: Result): void {
    this.requests++;
    add(this.byManner, job.manner);
  }

  judged(result: Result, verdict: Verdict, context: object = {}): void {
    if (verdict.ok) {
      add(this.allowed, verdict.why);
      return;
    }
    add(this.wrong, verdict.wrong);
    if (this.examples.length < MOST_EXAMPLES)
      this.examples.push(`${verdict.wrong}: ${describe(result, context)}`);
  }

  get wrongs(): number {
    return [...this.wrong.values()].reduce((sum, count) => sum + count, 0);
  }
}

function describe(
  { job, status, origin, fault, problem, error, isWhole, startMs, endMs }: Result,
  context: object,
): string {
  const { method, target, framing = "none", body } = job.request;
  const headers = (job.request.headers ?? []).slice(3).map(([name]) => name);
  return JSON.stringify({
    at: new Date(startMs).toISOString(),
    ms: endMs - startMs,
    id: job.id,
    pool: job.pool,
    manner: job.manner,
    request: `${method} ${target} ${body?.length ?? 0} bytes ${framing} ${headers.join(",")}`,
    isRepeatable: job.isRepeatable,
    saw: { status, origin, fault, problem, error, isWhole },
    ...context,
  });
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
