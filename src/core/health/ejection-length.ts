/**
 * How long an ejection lasts (Envoy): base times n, at most max. n grows with each ejection and shrinks with each
 * interval between them.
 * @module
 */

/** What the next ejection of a server depends on. */
export interface PastEjections {
  /** The last ejection lasted this many times the base; 0: there was none. */
  readonly multiplier: number;
  /** When its last ejection ended, in ms. */
  readonly lastUnejectedMs: number;
}

/** Times in ms. */
export interface EjectionLengths {
  /** The time without an ejection after which the next one is a step shorter. */
  readonly intervalMs: number;
  /** The first ejection; the nth lasts n times as long. */
  readonly baseEjectionMs: number;
  /** The longest ejection. */
  readonly maxEjectionMs: number;
}

/** @returns `multiplier` for the ejection after this one */
export function nextEjection(
  { multiplier: last, lastUnejectedMs }: PastEjections,
  nowMs: number,
  { intervalMs, baseEjectionMs, maxEjectionMs }: EjectionLengths,
): { multiplier: number; lengthMs: number } {
  const quiet = Math.max(0, Math.floor((nowMs - lastUnejectedMs) / intervalMs));
  const grown = Math.max(0, last - quiet) + 1;
  // No larger than the longest ejection needs, or it would take for ever to shrink again.
  const multiplier = Math.min(grown, Math.ceil(maxEjectionMs / baseEjectionMs));
  return { multiplier, lengthMs: Math.min(baseEjectionMs * multiplier, maxEjectionMs) };
}
