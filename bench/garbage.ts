/**
 * `npm run bench -- garbage`: measures the bytes that a request allocates in V8's heap, the runtime's own objects included.
 * They do not depend on how busy the machine is.
 * @module
 */
import { ORIGINS, prepared, requestsOf } from "./lib/data-path.ts";
import { Inspector } from "./lib/inspector.ts";
import { LoadGenerator, startOrigins } from "./lib/load.ts";
import type { BenchOptions } from "./lib/options.ts";
import { markdown, publish } from "./lib/report.ts";
import { configOf, isWorker, SCENARIOS, type Scenario } from "./lib/scenarios.ts";
import { type Subject, startersOf } from "./lib/subjects.ts";

/** Measured unless others are named. */
const USUAL = ["bare", "duty-all", "rr", "cookie", "rate", "all", "reflare"];
const REQUESTS = 8_000;
const SHORT_REQUESTS = 3_000;
/** A run ends after ten times this, however few were answered. */
const RUN_MS = 3_000;

interface Garbage {
  readonly id: string;
  readonly title: string;
  readonly bytesPerRequest: number;
}

/** @param about describes the machine and the run; printed above the results and written with them */
export async function measureGarbage(options: BenchOptions, about: Record<string, string>): Promise<void> {
  const only = options.only ?? USUAL;
  const scenarios = SCENARIOS.filter(isWorker).filter(({ id }) => only.includes(id));
  const { balancer, directory } = await prepared();
  const origins = await startOrigins(ORIGINS);
  const generator = new LoadGenerator();
  const config = configOf(scenarios, origins.ports);
  const start = await startersOf(origins.ports, config, directory, balancer, { isInspected: true });
  const atLeast = options.isShort ? SHORT_REQUESTS : REQUESTS;
  try {
    const rows: Garbage[] = [];
    for (const scenario of scenarios) {
      const subject = await start[scenario.subject]();
      try {
        rows.push(await measured(scenario, subject, generator, atLeast));
      } finally {
        await subject.stop();
      }
    }
    await publish(about, [table(rows)], options, { garbage: rows });
  } finally {
    generator.stop();
    origins.stop();
  }
}

async function measured(
  scenario: Scenario,
  subject: Subject,
  generator: LoadGenerator,
  atLeast: number,
): Promise<Garbage> {
  const load = { ...(await requestsOf(scenario, subject)), ms: RUN_MS, atLeast };
  if (subject.inspectorPort == null) throw new Error(`${scenario.title}: no inspector`);
  // Code that is not compiled yet allocates more.
  await generator.run(load);
  const inspector = await Inspector.connect(subject.inspectorPort, "main");
  let requests = 0;
  const bytes = await inspector.bytesAllocated(async () => {
    requests = (await generator.run(load)).requests;
  });
  inspector.close();
  return { id: scenario.id, title: scenario.title, bytesPerRequest: bytes / requests };
}

function table(rows: readonly Garbage[]): string {
  const lines = rows.map(({ title, bytesPerRequest }) => [title, digits(bytesPerRequest)]);
  return markdown(["allocated by", "bytes per request"], lines);
}

function digits(bytes: number): string {
  return (Math.round(bytes / 10) * 10).toLocaleString("en");
}
