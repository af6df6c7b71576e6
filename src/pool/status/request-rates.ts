/**
 * Requests a second that isolates say they answer, added up: a gauge of each, which lapses when it does not come back.
 * @module
 */

/** Time after its planned report, beside one pace, after which an isolate's rate is forgotten. */
const SLACK_MS = 1_000;

export class RequestRates {
  readonly #rates = new Map<string, { perSecond: number; untilMs: number }>();

  /** An isolate reports. @param paceMs after how long it is to report again */
  note(isolate: string, requests: number, elapsedMs: number, paceMs: number, nowMs: number): void {
    const perSecond = (requests * 1_000) / Math.max(1, elapsedMs);
    this.#rates.set(isolate, { perSecond, untilMs: nowMs + 2 * paceMs + SLACK_MS });
  }

  /** Of all isolates together. */
  total(nowMs: number): number {
    let sum = 0;
    for (const [isolate, { perSecond, untilMs }] of this.#rates) {
      if (nowMs < untilMs) sum += perSecond;
      else this.#rates.delete(isolate);
    }
    return sum;
  }

  clear(): void {
    this.#rates.clear();
  }
}
