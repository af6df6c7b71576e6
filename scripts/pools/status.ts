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
import { type ClientsStatus, clientLines, readClients } from "../lib/status-clients.ts";
import { statusHead, statusTable } from "../lib/status-table.ts";
import { paintFor } from "../lib/terminal/paint.ts";
import { type Key, Screen } from "../lib/terminal/screen.ts";
import { wholeNumber } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const DEFAULT_WINDOW_S = 10;
const DEFAULT_INTERVAL_S = 2;
/** Below the rows: a blank line, and what keys do. */
const FOOT_LINES = 2;

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
    if (values.json)
      console.log(JSON.stringify({ window_s: windowS, ...found.clients, pools: found.pools }, null, 2));
    else console.log(page(wanted, found, new Date()).lines.join("\n"));
    return EXIT.ok;
  },
};

/** What one look found. */
interface Found {
  /** Null where single pools were asked for, or where the balancer does not tell. */
  readonly clients: ClientsStatus | null;
  readonly pools: readonly PoolStatus[];
}

async function read({ client, pools, windowS }: Wanted): Promise<Found> {
  const [clients, found] = await Promise.all([
    pools.length > 0 ? null : readClients(client, windowS),
    readStatus(client, pools, windowS),
  ]);
  return { clients, pools: found };
}

interface Page {
  /** All of it. */
  readonly lines: string[];
  /** How many of them stand above the rows that scroll: head, clients, blank, column titles. */
  readonly fixed: number;
}

function page({ client, windowS }: Wanted, { clients, pools }: Found, now: Date): Page {
  const paint = paintFor(process.stdout);
  const rows = statusTable(pools, { nowMs: now.getTime(), width: process.stdout.columns, paint });
  const head = [statusHead(client.base, pools, windowS, now, paint)];
  if (clients !== null) head.push(...clientLines(clients, paint));
  return { lines: [...head, "", ...rows], fixed: head.length + 2 };
}

/** The table on a screen of its own, read anew again and again. */
class Watch {
  readonly #wanted: Wanted;
  readonly #intervalS: number;
  readonly #screen: Screen;
  readonly #ended: AbortController;
  #found: Found = { clients: null, pools: [] };
  #foundAt = new Date();
  /** What went wrong the last time; null: nothing. */
  #error: string | null = null;
  /** Lines above the rows. */
  #fixed = 0;
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
    const rows = this.#screen.height - this.#fixed - FOOT_LINES;
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
    const { lines, fixed } = page(this.#wanted, this.#found, this.#foundAt);
    const rows = lines.slice(fixed);
    this.#fixed = fixed;
    const space = Math.max(1, this.#screen.height - fixed - FOOT_LINES);
    const most = Math.max(0, rows.length - space);
    this.#scrolled = Math.min(Math.max(0, this.#scrolled), most);
    const shown = rows.slice(this.#scrolled, this.#scrolled + space);
    const last = this.#scrolled + shown.length;
    const place =
      most === 0 ? "" : `   rows ${this.#scrolled + 1} to ${last} of ${rows.length}, arrows scroll`;
    const foot = this.#error === null ? paint.dim(`q quits${place}`) : paint.red(this.#error);
    this.#screen.draw([...lines.slice(0, fixed), ...shown, "", foot]);
  }
}
