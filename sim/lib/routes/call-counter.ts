/**
 * Calls that arrive at an object, for the figures of its load.
 * @module
 */
import { SlidingWindow } from "../sliding-window.ts";

export class CallCounter {
  readonly perSecond: Float64Array;
  /** First calls of cold isolates, which nobody can pace. */
  readonly firsts: Float64Array;
  readonly byKind = new Map<string, number>();
  readonly #window = new SlidingWindow();
  /** In any one second. */
  most = 0;

  constructor(seconds: number) {
    this.perSecond = new Float64Array(seconds);
    this.firsts = new Float64Array(seconds);
  }

  add(nowMs: number, kind: string): void {
    const second = Math.floor(nowMs / 1_000);
    if (nowMs < 0 || second >= this.perSecond.length) return;
    this.perSecond[second] = (this.perSecond[second] ?? 0) + 1;
    if (kind === "first") this.firsts[second] = (this.firsts[second] ?? 0) + 1;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
    this.most = Math.max(this.most, this.#window.add(nowMs));
  }
}
