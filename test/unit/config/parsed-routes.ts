import { parseRoutes } from "../../../src/config/parse.ts";
import type { RouteConfig } from "../../../src/config/schema.ts";

export function routes(...documents: Record<string, unknown>[]): readonly RouteConfig[] {
  const parsed = parseRoutes(documents);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => error.message).join("\n"));
  return parsed.value;
}
