import { expect, it } from "vitest";
import * as core from "../../../src/core/index.ts";

/** The names that users of the core depend on. To remove one is a breaking change; types are not visible here. */
const CLASSES_OF_THE_DESIGN = [
  "ConsistentHash",
  "HealthChecker",
  "LeastConnections",
  "LoadBalancer",
  "RoundRobin",
  "Server",
  "SessionAffinity",
  "WeightedRoundRobin",
];

it("the core exports the classes of the design", () => {
  expect(Object.keys(core)).toEqual(expect.arrayContaining(CLASSES_OF_THE_DESIGN));
});

it("the core exports exactly the listed names", () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "ALGORITHMS",
      "Candidates",
      "ConsistentHash",
      "CountingCursor",
      "CursorAllocator",
      "DEFAULT_VIRTUAL_NODES",
      "First",
      "HealthChecker",
      "LatencySketch",
      "LeasedCursor",
      "LeastConnections",
      "LoadBalancer",
      "NO_FLAPS",
      "ONE_FAILURE",
      "ONE_SUCCESS",
      "OUTLIER_DEFAULTS",
      "OutlierDetector",
      "P2c",
      "PeakEwma",
      "RetryBudget",
      "RetryPolicy",
      "RingHash",
      "RoundRobin",
      "Server",
      "SessionAffinity",
      "SlidingWindowLimiter",
      "WeightedRandom",
      "WeightedRoundRobin",
      "algorithmEntry",
      "backoffMs",
      "clientKey",
      "createAlgorithm",
      "healthStatus",
      "ineligibility",
      "isConnectFailureStatus",
      "isEligible",
      "isFlapping",
      "murmur3",
      "observe",
      "observeTransition",
      "sessionIneligibility",
      "slowStartFactor",
      "slowStartFactors",
    ]
  `);
});
