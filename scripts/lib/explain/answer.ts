/**
 * What `POST /_lb/explain` answers, as the command line reads it: a balancer older than this tells less.
 * @module
 */
import * as z from "zod";
import {
  noPoolAnswerSchema,
  poolAnswerSchema,
  type poolSchema,
} from "../../../src/admin/http/explanation-schema.ts";
import { steeringSchema } from "../../../src/admin/http/steering-schema.ts";

const routeSchema = poolAnswerSchema.shape.route.partial({
  split: true,
  matched_where: true,
  sent_path: true,
});
const steering = steeringSchema.extend({ arrival: z.string() }).partial({ after: true });

export const explainAnswerSchema = z.union([
  poolAnswerSchema
    .partial({ passed: true, client: true, answer: true, further: true })
    .extend({ route: routeSchema, steering: steering.nullish() }),
  // No route matches, or the one that does answers by itself.
  noPoolAnswerSchema
    .partial({ passed: true, client: true, answer: true, candidates: true, pick: true })
    .extend({ route: routeSchema.nullable() }),
]);

export type ExplainAnswer = z.output<typeof explainAnswerSchema>;
export type PoolAnswer = Exclude<ExplainAnswer, { pool: null }>;
export type ExplainedRoute = z.output<typeof routeSchema>;
export type ExplainedPool = z.output<typeof poolSchema>;
export type Steering = z.output<typeof steering>;

/** The pools that the request goes to after the first, in turn, up to the one that serves it. */
export function furtherPools({ further, fallback }: PoolAnswer): readonly ExplainedPool[] {
  return further ?? (fallback === null ? [] : [fallback]);
}

/** True if an origin, or the route itself, answers the request. */
export function isServed(answer: ExplainAnswer): boolean {
  if (answer.pool === null) return answer.route !== null;
  return (furtherPools(answer).at(-1) ?? answer).pick !== null;
}
