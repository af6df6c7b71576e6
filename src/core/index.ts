/**
 * The public face of the core, which does no I/O of its own and runs in any JavaScript: the package
 * `edge-balancer/core` (docs/core.md). Names that are not exported here may change at any time.
 * @module
 */

export { clientKey } from "./affinity/client-ip.ts";
export {
  type Affinity,
  type AffinityMethod,
  type RouteRequest,
  SessionAffinity,
  type SessionAffinityOptions,
  type Sticky,
} from "./affinity/session-affinity.ts";
export type { Algorithm, AlgorithmOptions, CandidateSource, PickContext } from "./algorithms/algorithm.ts";
export { First } from "./algorithms/first.ts";
export {
  ALGORITHMS,
  type AlgorithmEntry,
  type AlgorithmName,
  type AnyAlgorithmOptions,
  algorithmEntry,
  createAlgorithm,
  type SharedBy,
} from "./algorithms/index.ts";
export { LeastConnections } from "./algorithms/least-connections.ts";
export { type LoadMetric, P2c } from "./algorithms/p2c.ts";
export { type LatencyEstimates, PeakEwma, type PeakEwmaOptions } from "./algorithms/peak-ewma.ts";
export { RingHash, type RingHashOptions } from "./algorithms/ring-hash.ts";
export { RoundRobin, type RoundRobinOptions } from "./algorithms/round-robin.ts";
export { type Pairs, type RandomOptions, WeightedRandom } from "./algorithms/weighted-random.ts";
export { WeightedRoundRobin } from "./algorithms/weighted-round-robin.ts";
export { CountingCursor, type CursorSource } from "./cursor/cursor.ts";
export { CursorAllocator, type CursorRange, LeasedCursor } from "./cursor/cursor-lease.ts";
export { ConsistentHash, DEFAULT_VIRTUAL_NODES } from "./hash/consistent-hash.ts";
export { murmur3 } from "./hash/murmur3.ts";
export type { EjectionReason } from "./health/ejection-rules.ts";
export {
  type HealthCallback,
  HealthChecker,
  type HealthCheckerOptions,
  type Probe,
} from "./health/health-checker.ts";
export {
  type FlapConfig,
  type FlapState,
  type HealthState,
  type HealthStatus,
  healthStatus,
  isFlapping,
  NO_FLAPS,
  observe,
  observeTransition,
  type Thresholds,
} from "./health/health-state.ts";
export { ONE_FAILURE, ONE_SUCCESS, type OutcomeBatch } from "./health/outcome-window.ts";
export {
  OUTLIER_DEFAULTS,
  type OutlierConfig,
  OutlierDetector,
  type OutlierState,
  type OutlierTransition,
} from "./health/outlier-detector.ts";
export { type SlowStartOptions, slowStartFactor, slowStartFactors } from "./health/slow-start.ts";
export {
  type Decision,
  type DecisionContext,
  type DecisionReason,
  LoadBalancer,
  type LoadBalancerOptions,
} from "./load-balancer.ts";
export type { LoadBalancerStats } from "./metrics/balancer-stats.ts";
export { LatencySketch, type SketchData } from "./metrics/latency-sketch.ts";
export { SlidingWindowLimiter } from "./rate-limit/sliding-window-limiter.ts";
export { backoffMs } from "./retry/backoff.ts";
export { RetryBudget } from "./retry/retry-budget.ts";
export {
  type AttemptLimits,
  isConnectFailureStatus,
  type RetryFailure,
  RetryPolicy,
  type RetryRules,
  type RetrySituation,
  type RetryVerdict,
} from "./retry/retry-policy.ts";
export { Candidates, type CandidatesOptions, type PassedOver } from "./server/candidates.ts";
export { type Ineligibility, ineligibility, isEligible, sessionIneligibility } from "./server/eligibility.ts";
export { type Limiter, Server, type ServerOptions } from "./server/server.ts";
export type { Clock, Random, Timers } from "./system.ts";
