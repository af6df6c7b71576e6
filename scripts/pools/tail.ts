/**
 * `tail`: requests as they come, from the deployed Worker through wrangler, or from the log file of `npm start`.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { systemMessage } from "../lib/config-file.ts";
import { Failure } from "../lib/failure.ts";
import { JsonSplitter } from "../lib/json-splitter.ts";
import { entriesOf, entryLine, isWanted, type LineFilter } from "../lib/log-lines.ts";
import { UsageError } from "../lib/options.ts";
import { PROJECT } from "../lib/project.ts";
import { OUTPUT_GONE } from "../lib/terminal/output.ts";
import { type Paint, paintFor } from "../lib/terminal/paint.ts";
import { inEnvironment } from "../lib/wrangler.ts";
import { type Command, EXIT } from "./command.ts";

const FILE_POLL_MS = 250;

const OPTIONS = {
  pool: { type: "string" },
  origin: { type: "string" },
  status: { type: "string" },
  path: { type: "string" },
  why: { type: "string" },
  file: { type: "string" },
  env: { type: "string", short: "e" },
  json: { type: "boolean", default: false },
} as const;

type Values = LineFilter & { file?: string | undefined; env?: string | undefined; json: boolean };

export const tail: Command = {
  usage: "tail [--pool P] [--origin O] [--status 5xx] [--path /P] [--why W] [--json]",
  does: "show requests as they come: of the deployed Worker, or of a log file",
  options: `  --pool P, --origin O   only requests of this pool, of this origin
  --status S             only this status, such as 503, or class, such as 5xx
  --path /P              only paths that begin so
  --why W                only those with this reason, such as failover
  --json                 one JSON object a line
  --file FILE            the log file of npm start -- --log FILE, from its beginning
  --env, -e NAME         the Worker of this environment of wrangler.toml
Without --file wrangler must be logged in. A request is shown if the pool's log.sample has it logged. Ctrl-C ends it.`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    if (positionals.length > 0) throw new UsageError("tail takes no arguments, only options");
    if (values.status !== undefined && !/^([1-9]\d\d|[1-9]xx)$/i.test(values.status)) {
      throw new UsageError(
        `--status: ${JSON.stringify(values.status)} is neither a status nor a class such as 5xx`,
      );
    }
    const ended = new AbortController();
    process.once("SIGINT", () => ended.abort());
    OUTPUT_GONE.addEventListener("abort", () => ended.abort());
    const printer = new Printer(values);
    if (values.file === undefined) await tailWorker(values.env, printer, ended.signal);
    else await tailFile(values.file, printer, ended.signal);
    return EXIT.ok;
  },
};

class Printer {
  readonly #splitter = new JsonSplitter();
  readonly #filter: LineFilter;
  readonly #json: boolean;
  readonly #paint: Paint = paintFor(process.stdout);

  constructor({ pool, origin, status, path, why, json }: Values) {
    this.#filter = { pool, origin, status, path, why };
    this.#json = json;
  }

  readonly print = (chunk: string): void => {
    for (const entry of this.#splitter.push(chunk).flatMap(entriesOf)) {
      if (!isWanted(entry, this.#filter)) continue;
      const line = this.#json ? JSON.stringify(entry) : entryLine(entry, this.#paint);
      if (line !== null) console.log(line);
    }
  };
}

/** @throws Failure if wrangler cannot tail the Worker */
async function tailWorker(env: string | undefined, printer: Printer, ended: AbortSignal): Promise<void> {
  const wrangler = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
  const child: ChildProcess = spawn(
    process.execPath,
    [wrangler, "tail", "--format", "json", ...inEnvironment(env ?? null)],
    {
      cwd: PROJECT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    },
  );
  let complaint = "";
  child.stdout?.setEncoding("utf8").on("data", printer.print);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = `${complaint}${text}`.slice(-4_000);
  });
  ended.addEventListener("abort", () => child.kill("SIGINT"));
  const [code] = (await once(child, "close")) as [number | null];
  if (ended.aborted || code === 0) return;
  throw new Failure(`wrangler cannot tail the Worker:\n${stripVTControlCharacters(complaint).trim()}`);
}

/** @throws Failure if the file cannot be read */
async function tailFile(file: string, printer: Printer, ended: AbortSignal): Promise<void> {
  let read = 0;
  const readOn = async (): Promise<void> => {
    const { size } = await stat(file);
    // A file that is shorter than before was begun anew.
    if (size < read) read = 0;
    if (size === read) return;
    const stream = createReadStream(file, { start: read, end: size - 1, encoding: "utf8" });
    for await (const chunk of stream) printer.print(String(chunk));
    read = size;
  };
  try {
    await readOn();
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${systemMessage(error)}`);
  }
  // Asked for rather than watched: a watch begins a moment later than it is called, and what is written until then would
  // be shown only with the next line.
  while (!ended.aborted) {
    await sleep(FILE_POLL_MS, undefined, { signal: ended }).catch(() => undefined);
    // A file that is away for a moment, as when logs are rotated, is looked for again.
    await readOn().catch(() => undefined);
  }
}
