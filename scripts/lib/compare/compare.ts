/**
 * Sends requests to the old address and to the balancer on the new configuration, and tells where they differ.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { ConfigFile } from "../../../src/config/schema.ts";
import { systemMessage } from "../config-file.ts";
import { ImportError } from "../import/result.ts";
import { inParallel } from "../parallel.ts";
import { type Difference, differences, type Side } from "./differences.ts";
import { exchange, mustReach, type Outcome } from "./exchange.ts";
import { withLocalBalancer } from "./local-balancer.ts";
import type { CompareOptions } from "./options.ts";
import { type ComparedRequest, textOf } from "./request.ts";
import { parseRequestList } from "./request-list.ts";
import { type RouteRequests, routeRequests } from "./route-requests.ts";

export interface Comparison {
  /** Lines for people. */
  readonly report: string;
  readonly isSame: boolean;
}

/**
 * @param text the new configuration, which `config` was read from
 * @throws ImportError if the list of requests is wrong, Failure if an address cannot be reached
 */
export async function compare(
  text: string,
  config: ConfigFile,
  options: CompareOptions,
): Promise<Comparison> {
  const { requests, unmet } = await requestsFor(config, options);
  // Said before the balancer is started, which takes seconds.
  await mustReach(options.against);
  const found = await withLocalBalancer(text, (here) => compareAll(requests, here, options));
  const different = found.filter(({ differs }) => differs.length > 0);
  const isSame = different.length === 0;
  const lines = [
    ...different.flatMap(({ request, differs }) => [textOf(request), ...differs.map(differenceLine), ""]),
    ...unmet.map((line) => `not met by any request from here: ${line}`),
    isSame
      ? `${requests.length} requests are answered as ${options.against.origin} answers them`
      : `${different.length} of ${requests.length} requests are answered otherwise than ${options.against.origin} answers them`,
  ];
  return { report: lines.join("\n"), isSame };
}

async function requestsFor(
  config: ConfigFile,
  { against, requests }: CompareOptions,
): Promise<RouteRequests> {
  if (requests === null) return routeRequests(config.routes ?? [], against.hostname);
  const text = await readFile(requests, "utf8").catch((error: unknown) => {
    throw new ImportError(`${requests}: cannot be read: ${systemMessage(error)}`);
  });
  return { requests: parseRequestList(text, requests), unmet: [] };
}

interface Compared {
  readonly request: ComparedRequest;
  readonly differs: readonly Difference[];
}

async function compareAll(
  requests: readonly ComparedRequest[],
  here: URL,
  { against, times, rules }: CompareOptions,
): Promise<Compared[]> {
  const asked = await inParallel(requests, async (request) => {
    const [old, now] = [newSide(against), newSide(here)];
    await ask(request, [old, now], times);
    return { request, old, now };
  });
  const compared: Compared[] = [];
  for (const { request, old, now } of asked) {
    const differs = () => differences(request, old, now, rules);
    // Requests that are under way together take each other's turns, so a pool's origins may not all have been seen.
    if (times > 1 && differs().length > 0) await ask(request, [old, now], times);
    compared.push({ request, differs: differs() });
  }
  return compared;
}

interface AskedSide extends Side {
  readonly outcomes: Outcome[];
}

function newSide(base: URL): AskedSide {
  return { base, outcomes: [] };
}

/** Sends the request to both, so many times, one after the other. */
async function ask(request: ComparedRequest, sides: readonly AskedSide[], times: number): Promise<void> {
  for (let sent = 0; sent < times; sent++) {
    await Promise.all(sides.map(async ({ base, outcomes }) => outcomes.push(await exchange(base, request))));
  }
}

function differenceLine({ what, there, here }: Difference): string {
  return `  ${what}: there ${there}, here ${here}`;
}
