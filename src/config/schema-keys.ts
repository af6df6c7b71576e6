/**
 * Finds the keys that a schema allows at a path. Suggestions for an unknown key are taken from them.
 * @module
 */
import type * as z from "zod";

/** The keys that an object at `path` of a value of `schema` may have; none if there is no object. */
export function keysAt(schema: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  let current = unwrap(schema);
  for (const step of path) current = current.flatMap((each) => childrenOf(each, step));
  return current.flatMap((each) => (each._zod.def.type === "object" ? Object.keys(each._zod.def.shape) : []));
}

function childrenOf(schema: z.core.$ZodTypes, step: string | number): z.core.$ZodTypes[] {
  const { def } = schema._zod;
  if (def.type === "array") return unwrap(def.element);
  if (def.type === "record") return unwrap(def.valueType);
  const child = def.type === "object" ? def.shape[step] : undefined;
  return child === undefined ? [] : unwrap(child);
}

/** The schemas inside defaults, null and transforms, and each branch of a union. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodTypes[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "nullable":
    case "optional":
    case "default":
    case "prefault":
      return unwrap(def.innerType);
    case "pipe":
      return unwrap(def.in);
    case "union":
      return def.options.flatMap(unwrap);
    default:
      return [schema as z.core.$ZodTypes];
  }
}
