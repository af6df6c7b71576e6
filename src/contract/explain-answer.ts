/**
 * The answer of `POST /_lb/explain`. Plain data.
 * @module
 */
import type { PassedRoute, SplitChoice } from "../config/routing.ts";
import type {
  AffinityExplanation,
  CandidateExplanation,
  PoolExplanation,
  SteeringExplanation,
} from "./explanation.ts";

export interface ExplainedCandidate extends Omit<CandidateExplanation, "exclusion_reason"> {
  /** False: it is left out. */
  kept: boolean;
  /** `eligible`, or why it is left out: an `ExclusionReason`. */
  reason: string;
}

interface ExplainedAffinity extends Omit<AffinityExplanation, "exclusion_reason"> {
  exclusion_reason: string | null;
}

/** A pool that the request goes to. */
export interface ExplainedPool extends Omit<PoolExplanation, "candidates" | "affinity"> {
  affinity: ExplainedAffinity | null;
  candidates: ExplainedCandidate[];
}

/** The route that matches. */
export interface ExplainedRoute {
  /** Position in the routes; -1: there are none, and the only pool takes everything. */
  index: number;
  /** Its document with the defaults; null: there are no routes. */
  route?: unknown;
  fallback_pool: string | null;
  /** Null: it has no split. */
  split: SplitChoice | null;
  /** Its conditions, all of which are met; null: it has none. */
  matched_where?: unknown;
  /** The path that origins see; null: the client's. */
  sent_path: string | null;
}

/** Where the client is. Null: unknown. */
export interface ExplainedClient {
  /** `XX`: unknown, `T1`: Tor. */
  country: string;
  continent: string | null;
  subdivision: string | null;
  region: string | null;
  eu: boolean | null;
  asn: number | null;
  coordinates: { latitude: number; longitude: number } | null;
  /** The data centre that the request comes to. */
  colo: string | null;
}

/** The balancer's own answer to the client. */
export interface OwnAnswer {
  status: number;
  /** Of the problem; `answered_here`: the route answers by itself. */
  type: string;
}

interface Explained {
  /** The routes before the one that matches; all of them if none does. */
  passed: PassedRoute[];
  client: ExplainedClient;
}

/** The request goes to a pool, whose explanation stands here beside the rest. */
interface PoolAnswer extends Explained, ExplainedPool {
  route: ExplainedRoute;
  /** Null: the route has one pool. */
  steering: SteeringExplanation | null;
  /** The pools that it goes to after that, in turn, up to the one that serves it. Empty: the first does. */
  further: ExplainedPool[];
  /** The first of them; null: there is none. */
  fallback: ExplainedPool | null;
  /** Null: an origin answers. */
  answer: OwnAnswer | null;
}

/** The request goes to no pool. */
export interface NoPoolAnswer extends Explained {
  /** Null: no route matches; else it answers by itself. */
  route: ExplainedRoute | null;
  pool: null;
  candidates: never[];
  pick: null;
  answer: OwnAnswer;
}

export type ExplainAnswer = PoolAnswer | NoPoolAnswer;
