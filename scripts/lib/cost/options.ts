/**
 * The command line of `npm run cost`.
 * @module
 */
import { parseArgs } from "node:util";
import { UsageError } from "../options.ts";
import type { Plan } from "./bill.ts";

export interface CostOptions {
  readonly config: string;
  readonly rps: number;
  /** Null: not given. */
  readonly isolates: number | null;
  readonly plan: Plan;
  readonly dnsQueries: number;
  readonly format: "text" | "json" | "markdown";
}

export type Asked = CostOptions | "help" | "docs" | { readonly measureSeconds: number };

export const USAGE = `Usage: npm run cost -- --config FILE --rps N [OPTIONS]   what a month costs on Cloudflare
       npm run cost -- --measure [SECONDS]               count again what that goes by, and write the docs' tables
       npm run cost -- --docs                            write the tables of docs/operations.md

  --config FILE      routes and pools, JSON with comments
  --rps N            requests per second, on the average, over all pools
  --isolates M       isolates that serve them (default: one a request per second up to 5, then as
                     many as have the CPU for it)
  --plan free|paid   Cloudflare's plan (default paid)
  --dns-queries N    DNS queries to the host name a month, for Cloudflare Load Balancing (default 500000)
  --json             the figures as JSON
  --markdown         a table as in docs/operations.md
  --help             this text

Exit code: 0 done, 1 it does not fit the free plan, 2 wrong usage or a configuration with errors.`;

const DEFAULT_MEASURE_S = 60;

/** @throws UsageError */
export function parseCostOptions(args: readonly string[]): Asked {
  const values = parse(args);
  if (values.help === true) return "help";
  if (values.docs === true) return "docs";
  if (values.measure !== undefined) return { measureSeconds: positive("--measure", values.measure, 10, 600) };
  if (values.config === undefined || values.config === "") throw new UsageError("--config FILE is missing");
  if (values.rps === undefined) throw new UsageError("--rps N is missing");
  if (values.json === true && values.markdown === true) {
    throw new UsageError("only one of --json and --markdown can be meant");
  }
  return {
    config: values.config,
    rps: positive("--rps", values.rps, 0.001, 10_000_000),
    isolates: values.isolates === undefined ? null : whole("--isolates", values.isolates),
    plan: planOf(values.plan),
    dnsQueries: values["dns-queries"] === undefined ? 500_000 : whole("--dns-queries", values["dns-queries"]),
    format: values.json === true ? "json" : values.markdown === true ? "markdown" : "text",
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      // The value of --measure is optional, which parseArgs does not support.
      args: args.flatMap((each, index) =>
        each === "--measure" && !/^\d/.test(args[index + 1] ?? "")
          ? [`--measure=${DEFAULT_MEASURE_S}`]
          : [each],
      ),
      options: {
        config: { type: "string" },
        rps: { type: "string" },
        isolates: { type: "string" },
        plan: { type: "string" },
        "dns-queries": { type: "string" },
        measure: { type: "string" },
        docs: { type: "boolean" },
        json: { type: "boolean" },
        markdown: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function planOf(text: string | undefined): Plan {
  if (text === undefined || text === "paid") return "paid";
  if (text === "free") return "free";
  throw new UsageError(`--plan: ${JSON.stringify(text)} is neither free nor paid`);
}

function positive(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a number from ${least} to ${most}`);
}

function whole(flag: string, text: string): number {
  const value = positive(flag, text, 1, 1_000_000_000_000);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a whole number`);
}
