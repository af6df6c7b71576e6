/**
 * Short helpers for tests to make servers and to pick.
 * @module
 */
import type { Algorithm, PickContext } from "../../src/core/algorithms/algorithm.ts";
import { Server, type ServerOptions } from "../../src/core/server/server.ts";

/** A server whose id is `id`. */
export function server(id: string, weight = 1, options: ServerOptions = {}): Server {
  return new Server(`${id}.example`, 443, weight, { id, ...options });
}

/** Servers a, b, c and so on, one for each weight. */
export function serversOf(...weights: number[]): Server[] {
  return weights.map((weight, i) => server(String.fromCharCode(97 + i), weight));
}

export function threeServers(): readonly [Server, Server, Server] {
  return [server("a"), server("b"), server("c")];
}

/** The ids of the next picks, joined by spaces; `-` for none. */
export function picks(algorithm: Algorithm, count: number, context?: PickContext): string {
  return Array.from({ length: count }, () => algorithm.next(context)?.id ?? "-").join(" ");
}

/** How many of `count` picks went to each id. */
export function tally(count: number, pick: (i: number) => Server | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const id = pick(i)?.id ?? "none";
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** How often each word occurs. */
export function countsOf(sequence: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of sequence.split(" ")) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}
