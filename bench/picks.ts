/**
 * Nanoseconds per pick; filled in next.
 * @module
 */
import type { BenchOptions } from "./lib/options.ts";

export async function measurePicks(_options: BenchOptions): Promise<void> {}
