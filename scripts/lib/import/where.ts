/**
 * Conditions of routes, joined.
 * @module
 */
import { whereSchema } from "../../../src/config/where-schema.ts";
import type { Rule } from "./model.ts";

/** As many as `addresses` of one route may have. */
export const MOST_ADDRESSES = 100;

/**
 * The condition that is met where both are; null: always.
 * @returns undefined if no condition says that: both are about the same thing
 */
export function bothWheres(one: Rule["where"], other: Rule["where"]): Rule["where"] | undefined {
  if (one === null || other === null) return one ?? other;
  const isTwice = Object.keys(one).some((field) => Object.hasOwn(other, field));
  return isTwice ? undefined : { ...one, ...other };
}

/** `where` if it is one that a route may have, else null: a code that is not known, for example. */
export function validWhere(where: NonNullable<Rule["where"]>): Rule["where"] {
  return whereSchema.safeParse(where).success ? where : null;
}
