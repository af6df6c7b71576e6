/**
 * The command line of a simulation of routes.
 * @module
 */
import { UsageError } from "../../../scripts/lib/options.ts";
import { resolveUrl } from "../../../src/config/request-path.ts";
import { beforeEnd, type Flags, number, type SimOptions, simOptions } from "../options.ts";
import { type ClientOrigin, DEFAULT_FROM, parseFrom } from "./places.ts";

/** What clients ask for. */
export interface Target {
  /** With the scheme, in its one form; a `*` at its end stands for the client's number. */
  readonly url: string;
  /** Its part of all requests, 0 to 1; of all targets together 1. */
  readonly share: number;
}

/** The operator sends so many of a pool's clients elsewhere. */
interface Shed {
  readonly pool: string;
  readonly percent: number;
  readonly atMs: number;
}

export interface RouteOptions {
  readonly common: SimOptions;
  readonly from: readonly ClientOrigin[];
  /** Null: what the routes are for. */
  readonly to: readonly Target[] | null;
  readonly sheds: readonly Shed[];
}

const URL_FORM = /^(https?:\/\/)?([^/?#\s]+)(\/\S*)?$/i;
const DEFAULT_ISOLATES = 20;
/** So few that most come several times in a run: only then it shows who moves, and who comes back. */
const DEFAULT_CLIENTS = 1_000;
const ROUTES_ONLY = ["from", "to", "shed"] as const;

/** @returns null: not of routes @throws UsageError */
export function routeOptions(flags: Flags): RouteOptions | null {
  const { routes, pool, regions, way, isolates, clients } = flags;
  if (routes !== true) {
    const alone = ROUTES_ONLY.find((flag) => flags[flag] !== undefined);
    if (alone !== undefined) throw new UsageError(`--${alone}: goes with --routes only`);
    return null;
  }
  if (pool !== undefined)
    throw new UsageError("--pool: is one pool, and --routes all; leave one of them out");
  if (regions !== undefined) throw new UsageError("--regions: with --routes clients are where --from says");
  if (way === "short") throw new UsageError("--way: with --routes requests take the whole way only");
  const from = parseFrom(flags.from ?? DEFAULT_FROM);
  const common = simOptions({
    ...flags,
    // Each place has an isolate at least.
    isolates: isolates ?? String(Math.max(DEFAULT_ISOLATES, from.length)),
    clients: clients ?? String(DEFAULT_CLIENTS),
  });
  if (common.isolates < from.length) {
    throw new UsageError(`--isolates: must be ${from.length} or more, one for each place of --from`);
  }
  return {
    common: { ...common, isBrief: false },
    from,
    to: flags.to === undefined ? null : parseTo(flags.to),
    sheds: (flags.shed ?? []).map((text) => beforeEnd("shed", text, parseShed(text), common.seconds)),
  };
}

function parseTo(text: string): Target[] {
  const items = text.split(",").map((item) => {
    const [, written = "", digits] = /^(.*?)(?::([\d.]+))?$/.exec(item.trim()) ?? [];
    const share = digits === undefined ? 1 : number("to", digits, 0.001, 1e6);
    return { url: urlOf(written), share };
  });
  const total = items.reduce((sum, { share }) => sum + share, 0);
  return items.map(({ url, share }) => ({ url, share: share / total }));
}

function urlOf(written: string): string {
  const [, scheme = "https://", host, path = "/"] = URL_FORM.exec(written) ?? [];
  const url = `${scheme}${host}${path}`;
  if (host !== undefined && URL.canParse(url)) return resolveUrl(url);
  throw new UsageError(
    `--to: must be HOST/PATH, as in shop.example.com/cart:3, got ${JSON.stringify(written)}`,
  );
}

function parseShed(text: string): Shed {
  const [, pool, percent, seconds] = /^([^/]+):([\d.]+)@([\d.]+)$/.exec(text) ?? [];
  if (pool === undefined || percent === undefined || seconds === undefined) {
    throw new UsageError(`--shed: must be POOL:PERCENT@SECOND, as in eu:50@20, got ${JSON.stringify(text)}`);
  }
  return { pool, percent: number("shed", percent, 0, 100), atMs: 1_000 * number("shed", seconds, 0, 86_400) };
}
