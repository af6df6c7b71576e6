/**
 * The result of a probe.
 * @module
 */
import type { HealthCheckConfig, OriginConfig } from "../../config/schema.ts";

export interface ProbeResult {
  passed: boolean;
  /** For the operator; holds no address and nothing the origin sent. */
  detail: string;
  /** To the verdict, in ms. */
  durationMs: number;
  timedOut: boolean;
}

/** Looks at one origin. Never throws. */
export type RunProbe = (check: HealthCheckConfig, origin: OriginConfig) => Promise<ProbeResult>;
