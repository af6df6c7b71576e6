/**
 * Numbers in other units and ranges.
 * @module
 */

/** Cloudflare's weights have two decimals. */
const STEPS = 100;

/**
 * The smallest whole numbers in the same proportion, for weights with at most two decimals: 0.6 and 0.4 become 3 and
 * 2. Rounded where there are more decimals, or where a number would be above `max`; what was above 0 stays so.
 * @param max at least 1
 */
export function wholeWeights(weights: readonly number[], max: number): number[] {
  const steps = weights.map((weight) => (weight > 0 ? Math.max(1, Math.round(weight * STEPS)) : 0));
  const divisor = steps.reduce(greatestCommonDivisor, 0);
  if (divisor === 0) return steps;
  const whole = steps.map((step) => step / divisor);
  const most = largest(whole);
  if (most <= max) return whole;
  return whole.map((weight) => (weight > 0 ? Math.max(1, Math.round((weight / most) * max)) : 0));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The largest of however many numbers; 0 if there is none above it. */
export function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, each) => Math.max(most, each), 0);
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
