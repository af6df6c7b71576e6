/**
 * The health check, now.
 * @module
 */
import * as z from "zod";
import { healthCheckSchema } from "../config/health-schema.ts";
import { probeSchema } from "./answers.ts";
import { type Endpoint, endpoint, json } from "./endpoint.ts";
import { askPool, describePool } from "./pool-client.ts";
import { Problem } from "./problems.ts";

export const CHECK_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: "/pools/:pool/check",
    scope: "operate",
    summary:
      "Probes every origin now. With a `health_check`: tries that one, and nothing is saved or counted",
    body: z.strictObject({ health_check: healthCheckSchema.optional() }),
    bodyOptional: true,
    answer: z.object({
      preview: z.boolean().describe("true: the results were not counted"),
      probes: z.array(probeSchema),
    }),
    problems: ["not_found", "conflict"],
    async run({ env, params: { pool = "" }, body, principal }) {
      await describePool(env, pool);
      const monitor = body.health_check ?? null;
      const report = await askPool(env, pool, (stub) => stub.check(monitor, principal.name));
      if (!report.checked) throw new Problem("conflict", { detail: "The pool has no health_check." });
      return json({ preview: monitor !== null, probes: report.probes });
    },
  }),
];
