/**
 * Measures the memory that a stream takes in the runtime.
 * @module
 */
import type { Balancer } from "./balancer.ts";

/** Above the buffers on the way, and far below the bodies that tests send. */
export const MAX_GROWTH_MB = 64;

/** Runs `work`. @returns the largest growth of the runtime's memory meanwhile */
export async function growthMb(balancer: Balancer, work: () => Promise<unknown>): Promise<number> {
  const before = balancer.runtimeMb();
  let highest = before;
  const sampler = setInterval(() => {
    highest = Math.max(highest, balancer.runtimeMb());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return Math.max(highest, balancer.runtimeMb()) - before;
}
