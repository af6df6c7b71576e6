/** Numbers in (0, 1), the same on every machine for a seed (Park and Miller, CACM 31(10), 1988). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
