/**
 * The schema of a route over several pools: the pools, and how one of them is chosen.
 * @module
 */
import * as z from "zod";
import { flag, id, list, oneOf } from "./fields.ts";

const MAX_POOLS = 20;

const pools = list(id(), 1, MAX_POOLS).superRefine((ids, context) => {
  for (const [index, pool] of ids.entries()) {
    if (ids.indexOf(pool) === index) continue;
    context.addIssue({ code: "custom", path: [index], message: "must stand only once in this list" });
  }
});

const steer = z.enum(["failover", "proximity"], {
  error: 'must be one of "failover", "proximity" ("latency" is not yet there)',
});

/** The fields of a route that concern several pools. */
export const steeringFields = {
  pools: pools
    .nullable()
    .default(null)
    .describe(
      "Pools in the order in which they are preferred. A client goes to the first that is available and takes it; a session stays with its pool while that is available. Either this, `pool` or `split`.",
    ),
  steer: steer
    .nullable()
    .default(null)
    .describe(
      "Beside `pools`: their order. `failover`: as they are listed. `proximity`: by their distance from the client, for which each needs a `location`. Absent: failover.",
    ),
  spill: oneOf(["on", "off"])
    .nullable()
    .default(null)
    .describe(
      "Beside `pools`. `on`: a pool that is partly down, or that takes only part of its clients, passes the others on to the next. `off`: the first available pool takes all clients except those it sheds. Absent: on.",
    ),
  retry_pools: flag()
    .nullable()
    .default(null)
    .describe(
      "Beside `pools`: whether a request that failed in one pool is sent on to the next, by the first pool's rules of `failover`. Absent: true.",
    ),
} as const;

/** The fields among them that mean nothing without `pools`. */
const BESIDE_POOLS = ["steer", "spill", "retry_pools"] as const;

/** Refuses these fields in a route without `pools`. */
export function refuseAlone(
  route: { readonly pools: unknown } & { readonly [Key in (typeof BESIDE_POOLS)[number]]: unknown },
  context: z.RefinementCtx,
): void {
  if (route.pools !== null) return;
  for (const key of BESIDE_POOLS) {
    if (route[key] === null) continue;
    context.addIssue({ code: "custom", path: [key], message: "must stand beside pools" });
  }
}
