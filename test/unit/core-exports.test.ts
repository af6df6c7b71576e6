import { expect, it } from "vitest";
import * as core from "../../src/core/index.ts";

/** What users of the core build on. A name that goes is a breaking change; types do not show here. */
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

it("the core exports exactly this", () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "ALGORITHMS",
      "Candidates",
      "ConsistentHash",
      "CountingCursor",
      "CursorAllocator",
      "DEFAULT_VIRTUAL_NODES",
      "HashRing",
      "HealthChecker",
      "LatencySketch",
      "LeasedCursor",
      "LeastConnections",
      "LoadBalancer",
      "ONE_FAILURE",
      "ONE_SUCCESS",
      "OUTLIER_DEFAULTS",
      "OutlierDetector",
      "PeakEwma",
      "RateLimiter",
      "RetryBudget",
      "RetryPolicy",
      "RoundRobin",
      "STEADY",
      "Server",
      "SessionAffinity",
      "TwoChoices",
      "WeightedRandom",
      "WeightedRoundRobin",
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
