import type { OriginState } from "../../src/contract/sync.ts";

/** An origin that the pool's object has nothing to say against. */
export const WELL: OriginState = {
  healthy: true,
  ejected: false,
  draining: false,
  drained: false,
  weight_factor: 1,
};
