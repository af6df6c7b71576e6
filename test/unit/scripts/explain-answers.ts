/** Answers of `POST /explain` for the tests of their words. */
import type { ExplainAnswer } from "../../../scripts/lib/explain/answer.ts";

type Matched = Exclude<ExplainAnswer, { pool: null }>;
export type Candidate = Matched["candidates"][number];

export const candidate = (id: string, more: Partial<Candidate> = {}): Candidate => ({
  id,
  kept: true,
  reason: "eligible",
  weight: 1,
  active_connections: 0,
  rate_limit: null,
  ...more,
});
export const out = (id: string, reason: string) => candidate(id, { kept: false, reason });

export const ANSWER: Matched = {
  route: { index: 1, route: { host: null, path: "/cart", pool: "web" }, fallback_pool: null },
  fallback: null,
  pool: "web",
  configured: true,
  algorithm: "round_robin",
  coordination: "leased",
  snapshot_version: 3,
  hash_key: null,
  affinity: null,
  panic: false,
  candidates: [candidate("a"), out("b", "unhealthy")],
  pick: { origin: "a", reason: "algorithm", certain: true },
  unknown_here: [],
};

export const STEERING = {
  policy: "failover" as const,
  client_region: null,
  order: [],
  point: 0.5,
  session_pool: null,
  chosen: "web",
  arrival: "first",
  next: "eu",
};
