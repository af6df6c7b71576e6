/**
 * Points in [0, 1) that are spread evenly, however many of them there are.
 * @module
 */

const GOLDEN_RATIO = 0.618_033_988_749_895;

/**
 * The fractional part of a multiple of the golden ratio (Knuth, The Art of Computer Programming 3, 6.4, theorem S).
 * @param index a whole number of at least 0
 */
export function evenPoint(index: number): number {
  return (index * GOLDEN_RATIO) % 1;
}
