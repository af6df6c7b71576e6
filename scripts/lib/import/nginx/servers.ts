/**
 * `server` blocks as sites.
 * @module
 */
import type { Findings } from "../findings.ts";
import { closed, type Rule, type Site } from "../model.ts";
import { literalBeginning } from "../regex.ts";
import { answerIn } from "./answers.ts";
import type { Serving } from "./gates.ts";
import { reportUnknown } from "./known.ts";
import type { ReachedServer } from "./listen.ts";
import { type Location, locationsIn, namedLocations } from "./locations.ts";
import { type Difference, type RegionIndex, regionsOf } from "./regions.ts";
import { LocationReader, reportConditions } from "./serving.ts";
import type { UpstreamPools } from "./upstream-pools.ts";

/** @param tlsHosts the hosts of the servers that are reached by https */
export function siteOf(
  { server, hosts, isHttpOnly }: ReachedServer,
  tlsHosts: ReadonlySet<string | null>,
  upstreamPools: UpstreamPools,
  findings: Findings,
): Site {
  const { block, scope, at, label } = server;
  const named = namedLocations(block, scope);
  const reader = new LocationReader({ upstreamPools, named, isHttpOnly, tlsHosts, findings });
  // What a server says outside of locations holds before any location is looked for, or if none is found.
  const whole: Location = { modifier: "", uri: "/", paths: null, block, scope, at, label };
  if (answerIn(block) !== null) return { hosts, rules: rulesAt(null, reader.servingOf(whole)) };
  reportConditions(block, label, findings);
  reportUnknown(block, findings);
  for (const { name, args, at: place } of block) {
    if (name !== "rewrite") continue;
    findings.todo(
      place,
      `${label}: rewrite ${args.join(" ")}: is not done here: write it into routes by hand`,
    );
  }
  const rules = rulesOf(locationsIn(block, scope), reader, findings);
  const isComplete = rules.some(({ path, where }) => path === null && where === null);
  const rest = isComplete || !hasTryFiles(whole) ? [] : rulesAt(null, reader.servingOf(whole));
  reader.reportUnusedNames();
  return { hosts, rules: [...rules, ...rest] };
}

function rulesOf(locations: readonly Location[], reader: LocationReader, findings: Findings): Rule[] {
  // In the order of the file, in which pools get their ids.
  for (const location of locations) reader.servingOf(location);
  const { regions, differences, unsaid } = regionsOf(locations);
  for (const difference of differences) reportDifference(difference, reader, findings);
  reportCases(locations, findings);
  for (const location of unsaid) reportUnsaid(location, regions, reader, findings);
  const same = (one: Location | null, other: Location | null) =>
    isSame(servedBy(one, reader), servedBy(other, reader));
  return regions
    .withoutRepeats(same)
    .flatMap(({ path, location }) => rulesAt(path, servedBy(location, reader)));
}

function hasTryFiles({ block }: Location): boolean {
  return block.some(({ name }) => name === "try_files");
}

const NOTHING: readonly Serving[] = [{ where: null, action: closed() }];

function servedBy(location: Location | null, reader: LocationReader): readonly Serving[] {
  return location === null ? NOTHING : reader.servingOf(location);
}

function isSame(one: readonly Serving[], other: readonly Serving[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function rulesAt(path: string | null, serving: readonly Serving[]): Rule[] {
  return serving.map((each) => ({ path, ...each }));
}

function reportDifference(
  { location, path, there, here }: Difference,
  reader: LocationReader,
  findings: Findings,
): void {
  const [before, now] = [servedBy(there, reader), servedBy(here, reader)];
  if (isSame(before, now)) return;
  const message = `${location.label}: whole segments of a path match: ${path} matched too (${inWords(before)}), and now ${inWords(now)}`;
  findings.todo(location.at, message);
}

/** Says where the requests of a location go that no route can name. */
function reportUnsaid(
  location: Location,
  regions: RegionIndex,
  reader: LocationReader,
  findings: Findings,
): void {
  const { label, at, uri, modifier } = location;
  const before = reader.servingOf(location);
  const beginning = modifier.startsWith("~") ? literalBeginning(uri) : "/";
  const now = servedBy(regions.here(`${beginning}~other`), reader);
  const what = modifier.startsWith("~") ? "no route has a regular expression" : "no route has such a path";
  findings.todo(at, `${label}: ${what}: such requests ${wentWhere(before)}, and now ${inWords(now)}`);
}

/** Paths of routes are compared as they are. */
function reportCases(locations: readonly Location[], findings: Findings): void {
  for (const { modifier, paths, label, at } of locations) {
    if (modifier !== "~*" || paths === null) continue;
    findings.todo(
      at,
      `${label}: paths in other cases of letters matched too; they now go where other paths go`,
    );
  }
}

function wentWhere(serving: readonly Serving[]): string {
  const pools = poolsOf(serving);
  return pools.length > 0 ? `went to ${pools.join(", ")}` : "did not go to an origin";
}

function inWords(serving: readonly Serving[]): string {
  const pools = poolsOf(serving);
  const [first] = serving;
  if (pools.length > 0)
    return `go to ${pools.join(", ")}${first?.action.rewrite ? ", with another path" : ""}`;
  return first?.action.redirect ? "are redirected" : `are answered ${first?.action.respond?.status ?? 404}`;
}

function poolsOf(serving: readonly Serving[]): string[] {
  return [
    ...new Set(
      serving.flatMap(({ action: { pool, split } }) => [
        ...(pool ? [pool] : []),
        ...(split ?? []).map((each) => each.pool),
      ]),
    ),
  ];
}
