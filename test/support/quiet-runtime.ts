/**
 * Makes a run fail if the runtime reports an unexpected exception. The runtime also reports exceptions that the code
 * caught: one for each refused connection. Tests refuse connections on purpose, so as many reports are hidden, and so
 * are exceptions that a test throws inside the runtime and announces. Any other report fails the run.
 *
 * All runtimes write through one handler of vitest's pool, which cannot be replaced. So this filters the written text,
 * in which vitest may have joined several reports, and does so before vitest replaces the stream.
 * @module
 */

/** Messages of exceptions that a test throws on purpose begin with this. */
const ON_PURPOSE = "on purpose: ";
const LOST = "Network connection lost.";
/** Each of these lines explains one lost connection, which is reported twice. */
const REFUSED = /ffi\.rs:\d+: disconnected: (Connection refused|client error \(SendRequest\))/;
const REPORTS = [/^uncaught exception; source = /, /^uncaught exception; exception = /, /ffi\.rs:\d+: /];
/**
 * The runtime keeps the time of an alarm twice, and reports a difference that it settles by itself: when a test runs an
 * alarm by hand while it is due, after the runtime was killed, or where storage is slow (`ActorSqlite::armAlarmHandler`,
 * workerd's src/workerd/io/actor-sqlite.c++).
 */
export const ALARM_SETTLED =
  /^NOSENTRY SQLite alarm (handler canceled|overdue, running despite AlarmManager mismatch)/;
/** A continuation of the line before. */
const MORE = /^(stack: |\s+at )/;

/** Filters reports until the process ends, and makes the process fail if an unexpected one was reported. */
export function keepRuntimeQuiet(): void {
  const log = new RuntimeLog();
  for (const stream of [process.stdout, process.stderr]) filter(stream, log);
  process.on("exit", () => {
    const unexpected = log.unexpected();
    if (unexpected.length === 0) return;
    console.error(`\nUncaught in the runtime, and by no refused connection:\n${unexpected.join("\n")}`);
    process.exitCode = 1;
  });
}

function filter(stream: NodeJS.WriteStream, log: RuntimeLog): void {
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
    const kept = typeof chunk === "string" ? log.withoutReports(chunk) : chunk;
    return kept === "" ? true : write(kept, ...rest);
  }) as typeof write;
}

/** The reports of the runtimes. */
export class RuntimeLog {
  #refused = 0;
  /** True: all reports are written. */
  #isReported = false;
  /** By their form. */
  readonly #reports = REPORTS.map((): string[] => []);

  /** Keeps the reports in `text` for the end. @returns the rest */
  withoutReports(text: string): string {
    if (this.#isReported) return text;
    const kept: string[] = [];
    let isReport = false;
    for (const line of text.split("\n")) {
      if (isReport && MORE.test(line)) continue;
      const form = REPORTS.findIndex((report) => report.test(line));
      isReport = form >= 0;
      if (ALARM_SETTLED.test(line)) continue;
      if (REFUSED.test(line)) this.#refused++;
      else if (isReport) this.#reports[form]?.push(line);
      else kept.push(line);
    }
    return kept.join("\n");
  }

  unexpected(): string[] {
    this.#isReported = true;
    return this.#reports.flatMap((lines) => {
      const lost = lines.filter((line) => line.includes(LOST));
      const others = lines.filter((line) => !line.includes(LOST) && !line.includes(ON_PURPOSE));
      return [...others, ...lost.slice(this.#refused)];
    });
  }
}
