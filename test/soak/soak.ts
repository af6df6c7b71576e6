/**
 * `npm run test:soak`: good and bad clients of every kind send requests through the balancer to three origins that fail
 * in every way. Each answer must be one that the contract allows. See docs/reliability.md.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBundle } from "../../scripts/lib/bundle.ts";
import { heapMb } from "../system/support/heap.ts";
import { freePort } from "../system/support/ports.ts";
import { blamed, blamedWithoutFault, sentTwice, stillOpen } from "./checks.ts";
import { ORIGIN_NAMES } from "./contract.ts";
import { SoakDriver } from "./driver.ts";
import { judgeMemory } from "./memory.ts";
import { parseOptions, type SoakOptions, USAGE, UsageError } from "./options.ts";
import { SoakOrigin } from "./origins.ts";
import { poolReports, startSoakBalancer } from "./pools.ts";
import { failuresOf, type SoakReport, tableOf } from "./report.ts";

const EXIT_WRONG = 1;
const EXIT_REFUSED = 2;
const EXIT_STOPPED = 130;
/** Time beyond the requested one, for the start, the remaining faults and the end. Then a run that hangs is ended. */
const MOST_EXTRA_MS = 600_000;
/** Time within which isolates' reports reach the pools' objects. */
const REPORTED_MS = 3_000;

async function main(options: SoakOptions): Promise<void> {
  await ensureBundle();
  const directory = mkdtempSync(join(tmpdir(), "soak-"));
  const origins = await Promise.all(ORIGIN_NAMES.map((name) => SoakOrigin.start(name, directory)));
  const logFile = join(directory, "log");
  const inspectorPort = await freePort();
  const balancer = await startSoakBalancer(origins, logFile, ["--inspector-port", `${inspectorPort}`]);
  const killAll = async (): Promise<void> => {
    await Promise.all([balancer.kill(), ...origins.map((origin) => origin.kill())]);
    rmSync(directory, { recursive: true, force: true });
  };
  const stop = (): void => void killAll().finally(() => process.exit(EXIT_STOPPED));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const watchdog = setTimeout(stop, options.seconds * 1_000 + MOST_EXTRA_MS);
  try {
    const report = await soak(options, balancer, origins, { logFile, inspectorPort });
    console.log(options.isMarkdown ? tableOf(report) : `\n${tableOf(report)}\n`);
    const failures = failuresOf(report);
    for (const failure of failures) console.error(failure);
    if (failures.length > 0) process.exitCode = EXIT_WRONG;
  } finally {
    clearTimeout(watchdog);
    await killAll();
  }
}

async function soak(
  options: SoakOptions,
  balancer: Awaited<ReturnType<typeof startSoakBalancer>>,
  origins: readonly SoakOrigin[],
  { logFile, inspectorPort }: { logFile: string; inspectorPort: number },
): Promise<SoakReport> {
  const driver = new SoakDriver(balancer, origins, options);
  const keptBeforeMb = await heapMb(inspectorPort);
  let blamedInCalm: string[] = [];
  await driver.run(async () => {
    await new Promise((resolve) => setTimeout(resolve, REPORTED_MS));
    blamedInCalm = blamed(await poolReports(balancer.url));
  });
  const open = await stillOpen(balancer.url, origins);
  const keptMb = [keptBeforeMb, await heapMb(inspectorPort)] as const;
  driver.judgeAll(logFile);
  const { sentOnce, wrong } = sentTwice(origins);
  return {
    command: `npm run test:soak -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, ""),
    date: new Date().toISOString().slice(0, 10),
    seconds: options.seconds,
    clients: options.clients,
    seed: options.seed,
    calm: driver.calm,
    faulty: driver.faulty,
    faults: driver.windows.length,
    sentOnce,
    sentTwice: wrong,
    blamedInCalm,
    blamedWithoutFault: blamedWithoutFault(await poolReports(balancer.url), driver.windows),
    open,
    memory: judgeMemory({ keptMb, residentMb: driver.residentMb, seconds: options.seconds }),
  };
}

let options: SoakOptions | "help";
try {
  options = parseOptions(process.argv.slice(2), Date.now());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(EXIT_REFUSED);
}
if (options === "help") console.log(USAGE);
else await main(options);
