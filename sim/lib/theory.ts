/**
 * The supermarket model: each request looks at `d` random origins and joins the shortest queue. With many origins,
 * Poisson arrivals and exponential service, the share s_k of origins with at least k requests follows
 *   ds_k/dt = c * rho * (s_{k-1}^d - s_k^d) - min(k, c) * (s_k - s_{k+1}),  s_0 = 1,
 * in units of the mean service time, rho the utilisation and c the workers of an origin. For one worker that rests at
 * s_k = rho^((d^k - 1) / (d - 1)), and for d = 1 at rho^k.
 *
 * Azar, Broder, Karlin, Upfal, "Balanced allocations", STOC 1994; Vvedenskaya, Dobrushin, Karpelevich, Problems of
 * Information Transmission 32(1), 1996; Mitzenmacher, "The power of two choices in randomized load balancing", PhD
 * thesis, Berkeley 1996, and IEEE TPDS 12(10), 2001.
 * @module
 */

const NEGLIGIBLE = 1e-9;
const MOST_LEVELS = 2_000;

/**
 * Shares of origins with at least k requests, for k = 0, 1, 2, ...; until they are negligible.
 * @param rho utilisation, in [0, 1)
 * @param d choices; a whole number of at least 1
 * @param workers requests an origin serves at once
 */
export function tails(rho: number, d: number, workers: number): number[] {
  return workers === 1 ? oneWorker(rho, d) : severalWorkers(rho, d, workers);
}

/** Mean time in the system in units of the mean service time, by Little's law. */
export function meanTime(shares: readonly number[], rho: number, workers: number): number {
  const inSystem = shares.slice(1).reduce((sum, share) => sum + share, 0);
  return inSystem / (rho * workers);
}

function oneWorker(rho: number, d: number): number[] {
  const shares = [1];
  for (let last = 1; last > NEGLIGIBLE && shares.length < MOST_LEVELS; ) {
    last = rho * last ** d;
    shares.push(last);
  }
  return shares;
}

/**
 * At rest each level balances: c * rho * (s_{k-1}^d - s_k^d) = min(k, c) * (s_k - s_{k+1}). Summed over all levels
 * the work done is the work that comes, which fixes s_1; it is found by halving.
 */
function severalWorkers(rho: number, d: number, workers: number): number[] {
  let [low, high] = [0, 1];
  let shares: number[] = [];
  for (let step = 0; step < 200; step++) {
    const first = (low + high) / 2;
    const { levels, fell } = shoot(first, rho, d, workers);
    shares = levels;
    // If the first share is too large, later ones grow or stay; if it is too small, they become negative.
    if (fell) low = first;
    else high = first;
  }
  return shares;
}

function shoot(first: number, rho: number, d: number, workers: number): { levels: number[]; fell: boolean } {
  const levels = [1, first];
  for (let k = 1; k < MOST_LEVELS; k++) {
    const [before = 0, here = 0] = [levels[k - 1], levels[k]];
    const next = here - (workers * rho * (before ** d - here ** d)) / Math.min(k, workers);
    if (next < 0) return { levels, fell: true };
    if (next > here) return { levels, fell: false };
    levels.push(next);
    if (next < NEGLIGIBLE) return { levels, fell: true };
  }
  return { levels, fell: false };
}
