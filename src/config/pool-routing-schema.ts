/**
 * The fields of a pool that routes with several pools use: where it is, when it counts as available, how much it takes.
 * @module
 */
import { integer, number, object } from "./fields.ts";

const location = object({
  latitude: number(-90, 90).describe("Degrees north of the equator."),
  longitude: number(-180, 180).describe("Degrees east of Greenwich."),
});

const capacity = object({
  connections: integer(1, 100_000_000)
    .nullable()
    .default(null)
    .describe("Requests in flight that the pool is built for."),
  requests_per_second: integer(1, 100_000_000)
    .nullable()
    .default(null)
    .describe("Requests a second that the pool is built for."),
}).superRefine((value, context) => {
  if (value.connections !== null || value.requests_per_second !== null) return;
  context.addIssue({
    code: "custom",
    message: "must have connections, requests_per_second or both",
    params: { found: "neither" },
  });
});

/** The location in a pool's document, which need not be valid otherwise; null: there is none. */
export function locationIn(document: unknown): { latitude: number; longitude: number } | null {
  if (typeof document !== "object" || document === null || !("location" in document)) return null;
  return location.safeParse(document.location).data ?? null;
}

export const poolRoutingFields = {
  location: location
    .nullable()
    .default(null)
    .describe("Where the pool is, for routes that go by distance. A pool without comes last there."),
  minimum_origins: integer(1, 5_000)
    .default(1)
    .describe(
      "With fewer eligible origins than this, backups included, the pool is not available to routes with several pools.",
    ),
  overprovisioning: number(1, 10)
    .default(1.4)
    .describe(
      "How much more than all of its clients a healthy pool could take: with 1.4 some go to the route's next pool once less than 1 / 1.4 = 71.4% of its weight is healthy.",
    ),
  return_delay: number(0, 3_600)
    .default(10)
    .describe("Seconds a pool that was not available must have enough origins before it counts again."),
  capacity: capacity
    .nullable()
    .default(null)
    .describe(
      "The load that the pool is built for. Above it some of its clients go to the route's next pool. It is a target and no limit: requests that no other pool can take still come.",
    ),
  shed_percent: number(0, 100)
    .default(0)
    .describe(
      "Percentage of its clients that a route with several pools sends to the others, as long as one of them is available.",
    ),
  shed_sessions_percent: number(0, 100)
    .default(0)
    .describe(
      "The same for clients that have a session in the pool, which `shed_percent` leaves where they are.",
    ),
};
