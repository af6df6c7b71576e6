/**
 * `npm run cost`: computes the price of a configuration on Cloudflare, from counts made on the real runtime.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigFile } from "../src/config/schema.ts";
import { loadConfigFile } from "./lib/config-file.ts";
import { billOf } from "./lib/cost/bill.ts";
import { costTables, withCostTables } from "./lib/cost/docs.ts";
import { MEASURED_FILE, readMeasured } from "./lib/cost/measured.ts";
import { type CostOptions, parseCostOptions, USAGE } from "./lib/cost/options.ts";
import { PRICES_READ } from "./lib/cost/prices.ts";
import { asMarkdown, asText, type Reported } from "./lib/cost/report.ts";
import { assumedIsolates, type Sampling, usageOf } from "./lib/cost/usage.ts";
import { UsageError } from "./lib/options.ts";
import { PROJECT } from "./lib/project.ts";
import { requireModule } from "./lib/require-module.ts";

const EXIT = { ok: 0, doesNotFit: 1, refused: 2 } as const;

const DOCS = join(PROJECT, "docs/operations.md");

async function main(args: readonly string[]): Promise<number> {
  const asked = parseCostOptions(args);
  if (asked === "help") {
    console.log(USAGE);
    return EXIT.ok;
  }
  if (asked === "docs") return await writeDocs();
  if ("measureSeconds" in asked) {
    const { measure } = await import("./lib/cost/measure.ts");
    await writeFile(MEASURED_FILE, `${JSON.stringify(await measure(asked.measureSeconds), null, 2)}\n`);
    console.log(`counted for ${asked.measureSeconds} s; written to ${MEASURED_FILE}`);
    return await writeDocs();
  }
  const estimated = await estimate(asked);
  if ("errors" in estimated) {
    console.error(estimated.errors.join("\n"));
    return EXIT.refused;
  }
  console.log(estimated.text);
  return estimated.fits ? EXIT.ok : EXIT.doesNotFit;
}

async function writeDocs(): Promise<number> {
  const docs = await readFile(DOCS, "utf8");
  const printed = new Map<string, string>();
  for (const { args } of costTables(docs)) {
    const asked = parseCostOptions(args);
    if (typeof asked === "string" || "measureSeconds" in asked)
      throw new UsageError(`${DOCS}: ${args.join(" ")}`);
    const estimated = await estimate(asked);
    if ("errors" in estimated) throw new UsageError(estimated.errors.join("\n"));
    printed.set(args.join(" "), estimated.text);
  }
  await writeFile(
    DOCS,
    withCostTables(docs, (args) => printed.get(args.join(" ")) ?? ""),
  );
  console.log(`tables written to ${DOCS}`);
  return EXIT.ok;
}

type Estimated = { readonly text: string; readonly fits: boolean } | { readonly errors: readonly string[] };

async function estimate(options: CostOptions): Promise<Estimated> {
  const loaded = await loadConfigFile(options.config);
  if (!loaded.ok) return loaded;
  const { config } = loaded;
  const { rps, plan, dnsQueries } = options;
  const measured = readMeasured();
  const isolates = options.isolates ?? assumedIsolates(rps, measured.cpuMs);
  const kept = sampling();
  const usageWith = (config: ConfigFile) => usageOf(config, { rps, isolates }, kept, measured);
  const bill = billOf(usageWith(config), { plan, config, cpuMs: measured.cpuMs, dnsQueries, usageWith });
  const title = `${options.config}: ${rps} ${rps === 1 ? "request" : "requests"} a second, isolates: ${isolates}, ${plan} plan`;
  const text = shown(options.format, { title, bill, measured: measured.measured });
  return { text, fits: bill.problems.length === 0 };
}

function shown(format: CostOptions["format"], reported: Reported): string {
  if (format === "markdown") return asMarkdown(reported);
  if (format === "text") return asText(reported);
  const { title, bill, measured } = reported;
  return JSON.stringify({ title, prices: PRICES_READ, measured, ...bill }, null, 2);
}

/** The sampling rates of logs and traces in wrangler.toml. */
function sampling(): Sampling {
  const wrangler = requireModule<typeof import("wrangler")>("wrangler");
  const { observability } = wrangler.unstable_readConfig(
    { config: join(PROJECT, "wrangler.toml") },
    { hideWarnings: true },
  );
  const { enabled = false, head_sampling_rate = 1, logs, traces } = observability ?? {};
  const share = (part: { enabled?: boolean; head_sampling_rate?: number } | undefined) =>
    (part?.enabled ?? enabled) ? (part?.head_sampling_rate ?? head_sampling_rate) : 0;
  return { logs: share(logs), traces: traces?.enabled === true ? share(traces) : 0 };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = EXIT.refused;
}
