/**
 * The reasons of a choice among a route's pools in words, for the command line and the dashboard alike.
 * @module
 */
import { ownValue } from "../core/own-value.ts";
import type { Arrival } from "../core/steering/choose-pool.ts";
import type { SteeringExplanation } from "./explanation.ts";

/** What orders the pools. */
export const POLICY_WORDS: Readonly<Record<SteeringExplanation["policy"], string>> = {
  failover: "in the order of the route",
  proximity: "the nearest first",
  split: "by the weights of the split",
};

const ARRIVAL_WORDS: Readonly<Record<Arrival, string>> = {
  affinity: "its session is there",
  first: "it is the first of the order",
  spill: "the first does not take it",
  unavailable: "one that would have had it is not available",
  retry: "it failed in an earlier one",
  split: "the weights give it this client",
  fallback: "no other pool is available",
};

/** Why a request goes to a pool. @param arrival one that is not known here, as of a newer balancer, stands for itself */
export function arrivalText(arrival: string): string {
  return ownValue<string>(ARRIVAL_WORDS, arrival) ?? arrival;
}
