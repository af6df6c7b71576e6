/**
 * `check-now POOL`: probes every origin now and shows what each probe saw.
 * @module
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { probeSchema } from "../../src/admin/http/schemas.ts";
import { latency } from "../lib/terminal/format.ts";
import { type Paint, paintFor } from "../lib/terminal/paint.ts";
import { table } from "../lib/terminal/table.ts";
import { exactly, poolPath } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const reportSchema = z.object({ preview: z.boolean(), probes: z.array(probeSchema) });
type Probe = z.output<typeof probeSchema>;

export const checkNow: Command = {
  usage: "check-now POOL [--json]",
  does: "probe every origin now; exit code 1 if a probe fails",
  options: `  --json       print the API's answer
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { ...BALANCER_OPTIONS, json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [pool] = exactly("check-now", ["a pool"], positionals);
    const report = await adminClient(values).ask(`${poolPath(pool)}/check`, reportSchema, { method: "POST" });
    const { probes } = report;
    const lines = probeLines(probes, paintFor(process.stdout));
    console.log(values.json ? JSON.stringify(report, null, 2) : lines.join("\n"));
    return probes.every(({ passed }) => passed === true) ? EXIT.ok : EXIT.no;
  },
};

function probeLines(probes: readonly Probe[], paint: Paint): string[] {
  const rows = probes.map(({ origin, passed, detail, duration_ms }) => [
    origin,
    verdict(passed, paint),
    passed === null ? "" : latency(duration_ms),
    detail,
  ]);
  return table(rows, ["left", "left", "right", "left"]);
}

function verdict(passed: boolean | null, paint: Paint): string {
  if (passed === null) return paint.yellow("not probed");
  return passed ? paint.green("passed") : paint.red("failed");
}
