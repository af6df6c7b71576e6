/**
 * `status`: what the pools do now.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { AdminClient } from "../lib/admin-client.ts";
import { Failure } from "../lib/failure.ts";
import { UsageError } from "../lib/options.ts";
import { type PoolStatus, readStatus } from "../lib/status.ts";
import { statusHead, statusTable } from "../lib/status-table.ts";
import { paintFor } from "../lib/terminal/paint.ts";
import { type Key, Screen } from "../lib/terminal/screen.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const DEFAULT_WINDOW_S = 10;
const DEFAULT_INTERVAL_S = 2;
/** Lines that are no rows: head, blank, titles, blank, foot. */
const FRAME_LINES = 5;

const OPTIONS = {
  ...BALANCER_OPTIONS,
  watch: { type: "boolean", short: "w", default: false },
  window: { type: "string", default: `${DEFAULT_WINDOW_S}` },
  interval: { type: "string", default: `${DEFAULT_INTERVAL_S}` },
  json: { type: "boolean", default: false },
} as const;

interface Wanted {
  readonly client: AdminClient;
  /** None: all. */
  readonly pools: readonly string[];
  readonly windowS: number;
}

export const status: Command = {
  usage: "status [POOL...] [--watch] [--json]",
  does: "show pools and origins: health, traffic, latency, connections",
  options: `  POOL...        these alone
  --watch, -w    keep it on the screen; q ends it
  --interval S   with --watch: seconds between two looks, 1 to 60 (default: ${DEFAULT_INTERVAL_S})
  --window S     traffic of the last S seconds, 10 to 86400 (default: ${DEFAULT_WINDOW_S})
  --json         print the API's answers
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const windowS = wholeNumber("--window", values.window, 10, 86_400);
    const intervalS = wholeNumber("--interval", values.interval, 1, 60);
    const ended = new AbortController();
    const wanted: Wanted = { client: adminClient(values, ended.signal), pools: positionals, windowS };
    if (values.watch && values.json) throw new UsageError("--watch and --json do not go together");
    if (values.watch && !process.stdout.isTTY) throw new UsageError("--watch needs a terminal");
    if (values.watch) {
      await new Watch(wanted, intervalS, ended).run();
      return EXIT.ok;
    }
    const found = await read(wanted);
    if (values.json) console.log(JSON.stringify({ window_s: windowS, pools: found }, null, 2));
    else console.log(page(wanted, found, new Date()).join("\n"));
    return EXIT.ok;
  },
};

function read({ client, pools, windowS }: Wanted): Promise<PoolStatus[]> {
  return readStatus(client, pools, windowS);
}

/** Head, blank, column titles, rows. */
function page({ client, windowS }: Wanted, found: readonly PoolStatus[], now: Date): string[] {
  const paint = paintFor(process.stdout);
  const rows = statusTable(found, { nowMs: now.getTime(), width: process.stdout.columns, paint });
  return [statusHead(client.base, found, windowS, now, paint), "", ...rows];
}

/** The table on a screen of its own, read anew again and again. */
class Watch {
  readonly #wanted: Wanted;
  readonly #intervalS: number;
  readonly #screen: Screen;
  readonly #ended: AbortController;
  #found: PoolStatus[] = [];
  #foundAt = new Date();
  /** What went wrong the last time; null: nothing. */
  #error: string | null = null;
  /** Rows scrolled out at the top. */
  #scrolled = 0;

  /** @param ended ends the watch, and what the client of `wanted` is asking */
  constructor(wanted: Wanted, intervalS: number, ended: AbortController) {
    this.#wanted = wanted;
    this.#intervalS = intervalS;
    this.#ended = ended;
    this.#screen = new Screen({
      onKey: (key) => this.#onKey(key),
      onResize: () => this.#draw(),
      onSignal: () => ended.abort(),
    });
  }

  /** @throws Failure if the first look fails; later ones are told on the screen */
  async run(): Promise<void> {
    await this.#look();
    const { signal } = this.#ended;
    this.#screen.open();
    try {
      while (!signal.aborted) {
        this.#draw();
        await sleep(this.#intervalS * 1_000, undefined, { signal }).catch(() => {
          // The end of it all.
        });
        if (!signal.aborted) await this.#lookAgain();
      }
    } finally {
      this.#screen.close();
    }
  }

  async #look(): Promise<void> {
    this.#found = await read(this.#wanted);
    this.#foundAt = new Date();
    this.#error = null;
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#error = error.message;
    }
  }

  #onKey({ name, ctrl }: Key): void {
    const rows = this.#screen.height - FRAME_LINES;
    const isEnd = name === "q" || name === "escape" || (ctrl === true && (name === "c" || name === "d"));
    if (isEnd) this.#ended.abort();
    else if (name === "down" || name === "j") this.#scroll(1);
    else if (name === "up" || name === "k") this.#scroll(-1);
    else if (name === "pagedown" || name === "space") this.#scroll(rows);
    else if (name === "pageup") this.#scroll(-rows);
  }

  #scroll(by: number): void {
    this.#scrolled += by;
    this.#draw();
  }

  #draw(): void {
    const paint = paintFor(process.stdout);
    const [head = "", blank = "", titles = "", ...rows] = page(this.#wanted, this.#found, this.#foundAt);
    const space = Math.max(1, this.#screen.height - FRAME_LINES);
    const most = Math.max(0, rows.length - space);
    this.#scrolled = Math.min(Math.max(0, this.#scrolled), most);
    const shown = rows.slice(this.#scrolled, this.#scrolled + space);
    const last = this.#scrolled + shown.length;
    const place =
      most === 0 ? "" : `   rows ${this.#scrolled + 1} to ${last} of ${rows.length}, arrows scroll`;
    const foot = this.#error === null ? paint.dim(`q quits${place}`) : paint.red(this.#error);
    this.#screen.draw([head, blank, titles, ...shown, "", foot]);
  }
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is no whole number from ${least} to ${most}`);
}
