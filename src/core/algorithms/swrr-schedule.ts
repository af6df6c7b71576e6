/**
 * Smooth weighted round robin as a function of a position. So its order can be shared out in ranges of positions, which
 * is not possible with a running state.
 * @module
 */

/** Server index by position. */
export type Schedule = (position: number) => number;

/** Weights have at most two decimals; slow start multiplies them by a factor, rounded to the same. */
const WEIGHT_UNITS = 100;
/** Longest period and most steps worth computing for one schedule: some milliseconds, once per snapshot. */
const LONGEST_PERIOD = 65_536;
const MOST_STEPS = 2_000_000;

/** @param weights finite, at least 0, not all 0 */
export function smoothSchedule(weights: readonly number[]): Schedule {
  const { length } = weights;
  // Equal weights need no table, however many servers there are.
  if (weights.every((weight) => weight === weights[0])) return (position) => position % length;
  const units = weights.map((weight) => (weight > 0 ? Math.max(1, Math.round(weight * WEIGHT_UNITS)) : 0));
  const divisor = units.reduce(greatestCommonDivisor, 0);
  const reduced = units.map((unit) => unit / divisor);
  const period = reduced.reduce((sum, weight) => sum + weight, 0);
  if (period > LONGEST_PERIOD || period * reduced.length > MOST_STEPS) return lowDiscrepancySchedule(units);
  const order = smoothPeriod(reduced, period);
  return (position) => order[position % period] ?? 0;
}

/**
 * One period of nginx's smooth weighted round robin (ngx_http_upstream_round_robin.c): at each step every server gains
 * its weight, and the highest is picked and pays the total. Weights 5, 1, 1 give 0 0 1 0 2 0 0. After a period all are
 * at 0 again, so the order repeats.
 */
function smoothPeriod(weights: readonly number[], period: number): Uint16Array {
  const current = new Int32Array(weights.length);
  const order = new Uint16Array(period);
  for (let position = 0; position < period; position++) {
    let best = 0;
    for (let i = 0; i < weights.length; i++) {
      current[i] = (current[i] ?? 0) + (weights[i] ?? 0);
      if ((current[i] ?? 0) > (current[best] ?? 0)) best = i;
    }
    current[best] = (current[best] ?? 0) - period;
    order[position] = best;
  }
  return order;
}

/** Fractional part of the golden ratio: its multiples are spread most evenly over [0, 1) (Knuth, TAOCP 6.4). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Positions repeat after this many, so that `position * GOLDEN` keeps its precision. */
const SEQUENCE_PERIOD = 2 ** 26;

/**
 * For pools too large or too finely weighted for a period: a Weyl sequence over the cumulative weights, O(log n) a
 * pick and no table. Over any run of m positions a server's count is off its share by O(log m)
 * (Kuipers and Niederreiter, Uniform Distribution of Sequences, 2.3).
 */
function lowDiscrepancySchedule(weights: readonly number[]): Schedule {
  const upTo = prefixSums(weights);
  const total = upTo[upTo.length - 1] ?? 0;
  return (position) => {
    const multiple = (position % SEQUENCE_PERIOD) * GOLDEN;
    return indexAt(upTo, (multiple - Math.floor(multiple)) * total);
  };
}

/** Running sums. */
export function prefixSums(weights: readonly number[]): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i] ?? 0;
    sums[i] = sum;
  }
  return sums;
}

/** The first index whose running sum is above `point`; `point` in [0, total). */
export function indexAt(upTo: Float64Array, point: number): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}
