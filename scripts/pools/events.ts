/**
 * `events [POOL]`: what happened, oldest first, and with `--follow` what happens from now on.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as z from "zod";
import { eventSchema, summarySchema } from "../../src/admin/http/schemas.ts";
import { POOL_EVENT_KINDS, type PoolEventKind } from "../../src/contract/events.ts";
import { type AdminClient, ApiProblem } from "../lib/admin-client.ts";
import { Failure } from "../lib/failure.ts";
import { UsageError } from "../lib/options.ts";
import { inParallel } from "../lib/parallel.ts";
import { OUTPUT_GONE } from "../lib/terminal/output.ts";
import { type Paint, paintFor } from "../lib/terminal/paint.ts";
import { poolPath, wholeNumber } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const DEFAULT_LIMIT = 50;
const MOST_EVENTS = 1_000;
const POLL_MS = 2_000;
/** A balancer that does not answer is asked again so often, in a row. */
const MOST_FAILURES = 30;

const OPTIONS = {
  ...BALANCER_OPTIONS,
  routes: { type: "boolean", default: false },
  follow: { type: "boolean", short: "f", default: false },
  kind: { type: "string" },
  limit: { type: "string", default: `${DEFAULT_LIMIT}` },
  json: { type: "boolean", default: false },
} as const;

// The routes' events name no pool.
const answerSchema = z.object({ events: z.array(eventSchema.extend({ pool: z.string().optional() })) });
const poolsSchema = z.object({ pools: z.array(summarySchema) });
type Event = z.output<typeof answerSchema>["events"][number];

const TROUBLE: ReadonlySet<string> = new Set<PoolEventKind>([
  "unhealthy",
  "flapping",
  "ejected",
  "config_refused",
  "pool_down",
]);
const RELIEF: ReadonlySet<string> = new Set<PoolEventKind>(["healthy", "unejected", "pool_up"]);

export const events: Command = {
  usage: "events [POOL] [--follow] [--kind KIND,...] [--json]",
  does: "show what happened, oldest first: of one pool, or of all pools and the routes",
  options: `  --follow, -f   go on with what happens; Ctrl-C ends it
  --kind K,K     only these kinds, such as unhealthy,ejected
  --limit N      the last N of each, 1 to ${MOST_EVENTS} (default: ${DEFAULT_LIMIT})
  --routes       those of the routes alone
  --json         one JSON object a line
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [pool, ...rest] = positionals;
    if (rest.length > 0 || (values.routes && pool !== undefined)) {
      throw new UsageError("events takes one pool, or --routes, or neither for all");
    }
    const ended = new AbortController();
    const feed = new Feed(adminClient(values, ended.signal), {
      pool: pool ?? null,
      routes: values.routes,
      kind: values.kind === undefined ? undefined : checkedKinds(values.kind),
      limit: wholeNumber("--limit", values.limit, 1, MOST_EVENTS),
    });
    const paint = paintFor(process.stdout);
    const print = (found: readonly Event[]): void => {
      for (const event of found) console.log(values.json ? JSON.stringify(event) : eventLine(event, paint));
    };
    print(await feed.next());
    if (!values.follow) return EXIT.ok;
    process.once("SIGINT", () => ended.abort());
    OUTPUT_GONE.addEventListener("abort", () => ended.abort());
    await follow(feed, print, ended.signal);
    return EXIT.ok;
  },
};

/** A misspelt kind would look as if nothing had happened. @throws UsageError */
function checkedKinds(text: string): string {
  const kinds = text.split(",").filter((kind) => kind !== "");
  const wrong = kinds.find((kind) => !POOL_EVENT_KINDS.includes(kind));
  if (kinds.length > 0 && wrong === undefined) return kinds.join(",");
  throw new UsageError(
    `--kind: ${JSON.stringify(wrong ?? text)} is not one of ${POOL_EVENT_KINDS.join(", ")}`,
  );
}

/** @throws Failure if the balancer cannot be asked for a minute */
async function follow(
  feed: Feed,
  print: (found: readonly Event[]) => void,
  ended: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!ended.aborted) {
    await sleep(POLL_MS, undefined, { signal: ended }).catch(() => {
      // The end of it all.
    });
    if (ended.aborted) return;
    try {
      print(await feed.next());
      failures = 0;
    } catch (error) {
      const isPassing =
        error instanceof Failure && !(error instanceof ApiProblem) && ++failures <= MOST_FAILURES;
      if (!ended.aborted && !isPassing) throw error;
    }
  }
}

interface Wanted {
  /** Null: all. */
  readonly pool: string | null;
  readonly routes: boolean;
  readonly kind: string | undefined;
  readonly limit: number;
}

/** The events of one or of all subjects, each given once. */
class Feed {
  readonly #client: AdminClient;
  readonly #wanted: Wanted;
  /** By subject: what was given of its latest millisecond, and that. */
  readonly #given = new Map<string, { atMs: number; texts: Set<string> }>();
  #limit: number;

  constructor(client: AdminClient, wanted: Wanted) {
    this.#client = client;
    this.#wanted = wanted;
    this.#limit = wanted.limit;
  }

  /** What has not been given yet, oldest first. @throws Failure */
  async next(): Promise<Event[]> {
    const paths = await this.#paths();
    const found = await inParallel(paths, (path) => this.#read(path));
    // Later looks take all that can have happened meanwhile.
    this.#limit = MOST_EVENTS;
    return found.flat().sort((a, b) => a.at - b.at);
  }

  async #paths(): Promise<string[]> {
    const { pool, routes } = this.#wanted;
    if (routes) return ["/routes"];
    if (pool !== null) return [poolPath(pool)];
    const { pools } = await this.#client.ask("/pools", poolsSchema);
    return [...pools.map(({ id }) => poolPath(id)), "/routes"];
  }

  async #read(path: string): Promise<Event[]> {
    const { kind, pool } = this.#wanted;
    const query = `limit=${this.#limit}${kind === undefined ? "" : `&kind=${encodeURIComponent(kind)}`}`;
    try {
      const { events: found } = await this.#client.ask(`${path}/events?${query}`, answerSchema);
      return this.#fresh(path, found);
    } catch (error) {
      // One pool that cannot be asked, or has just gone, must not hide the others.
      if (error instanceof ApiProblem && pool === null && path !== "/routes") return [];
      throw error;
    }
  }

  #fresh(path: string, found: readonly Event[]): Event[] {
    const last = this.#given.get(path) ?? { atMs: Number.NEGATIVE_INFINITY, texts: new Set<string>() };
    const fresh = found.filter((event) => {
      return event.at > last.atMs || (event.at === last.atMs && !last.texts.has(JSON.stringify(event)));
    });
    const atMs = Math.max(last.atMs, ...fresh.map(({ at }) => at));
    const texts = fresh.filter(({ at }) => at === atMs).map((event) => JSON.stringify(event));
    this.#given.set(path, { atMs, texts: new Set(atMs === last.atMs ? [...last.texts, ...texts] : texts) });
    return fresh;
  }
}

/** `2026-11-30T05:30:00Z  web/a  unhealthy  status 503` */
function eventLine({ at, kind, pool, origin, who, detail }: Event, paint: Paint): string {
  const subject = pool === undefined ? "routes" : `${pool}${origin === undefined ? "" : `/${origin}`}`;
  const colour = TROUBLE.has(kind) ? paint.red : RELIEF.has(kind) ? paint.green : paint.cyan;
  const parts = [paint.dim(new Date(at).toISOString()), paint.bold(subject), colour(kind)];
  if (detail !== undefined) parts.push(detail);
  if (who !== undefined) parts.push(paint.dim(`by ${who}`));
  return parts.join("  ");
}
