/**
 * The core: usable in any JavaScript, without I/O of its own. What is not exported here is free to change.
 * @module
 */

export type { AlgorithmOptions, Choice, PickContext } from "./algorithm.ts";
export {
  ALGORITHMS,
  type Algorithm,
  type AlgorithmName,
  CountingCursor,
  type CursorSource,
} from "./algorithm.ts";
export { type AnyAlgorithmOptions, createAlgorithm } from "./algorithms.ts";
export { Candidates, type CandidatesOptions } from "./candidates.ts";
export { clientKey } from "./client-ip.ts";
export { ConsistentHash, DEFAULT_VIRTUAL_NODES } from "./consistent-hash.ts";
export { CursorAllocator, type CursorRange, LeasedCursor } from "./cursor-lease.ts";
export { type Ineligibility, ineligibility, isEligible, sessionIneligibility } from "./eligibility.ts";
export { murmur3 } from "./hash.ts";
export { HashRing, type HashRingOptions } from "./hash-ring.ts";
export {
  type FlapConfig,
  type FlapState,
  type HealthState,
  type HealthStatus,
  healthStatus,
  isFlapping,
  observe,
  observeTransition,
  STEADY,
  type Thresholds,
} from "./health.ts";
export {
  type HealthCallback,
  HealthChecker,
  type HealthCheckerOptions,
  type Probe,
} from "./health-checker.ts";
export { LatencySketch, type SketchData } from "./latency-sketch.ts";
export { LeastConnections } from "./least-connections.ts";
export {
  type Decision,
  type DecisionReason,
  LoadBalancer,
  type LoadBalancerOptions,
} from "./load-balancer.ts";
export {
  type EjectionReason,
  ONE_FAILURE,
  ONE_SUCCESS,
  OUTLIER_DEFAULTS,
  type OutcomeBatch,
  type OutlierConfig,
  OutlierDetector,
  type OutlierState,
  type OutlierTransition,
} from "./outlier-detector.ts";
export { type LatencyEstimates, PeakEwma, type PeakEwmaOptions } from "./peak-ewma.ts";
export { type RandomOptions, WeightedRandom } from "./random.ts";
export { RateLimiter } from "./rate-limiter.ts";
export {
  backoffMs,
  isConnectFailureStatus,
  RetryBudget,
  type RetryFailure,
  RetryPolicy,
  type RetryRules,
  type RetrySituation,
  type RetryVerdict,
} from "./retry-policy.ts";
export { RoundRobin, type RoundRobinOptions } from "./round-robin.ts";
export { type Limiter, Server, type ServerOptions } from "./server.ts";
export type { SessionAffinityOptions } from "./session-affinity.ts";
export {
  type Affinity,
  type AffinityMethod,
  type RouteRequest,
  SessionAffinity,
} from "./session-affinity.ts";
export { type SlowStartOptions, slowStartFactor, slowStartFactors } from "./slow-start.ts";
export type { LoadBalancerStats } from "./stats.ts";
export type { Clock, Random, Timers } from "./system.ts";
export { type LoadMetric, TwoChoices } from "./two-choices.ts";
export { WeightedRoundRobin } from "./weighted-round-robin.ts";
