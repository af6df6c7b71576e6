/**
 * Requests to the pools whose cost is measured.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { REFERENCE } from "./measured.ts";

/** Sends the traffic of the measured pools for the given time. */
export async function referenceLoad(url: string, seconds: number): Promise<void> {
  const { rps, strictRps, sparseEvery } = REFERENCE;
  await Promise.all([
    pace(`${url}/traffic/`, rps, seconds),
    pace(`${url}/both/`, rps, seconds),
    pace(`${url}/limited/`, rps, seconds),
    pace(`${url}/strict/`, strictRps, seconds),
    pace(`${url}/sparse/`, 1 / sparseEvery, seconds),
  ]);
}

/** Sends requests at an even rate for the given time. */
export async function pace(url: string, rps: number, seconds: number): Promise<void> {
  const startMs = performance.now();
  const visits: Promise<void>[] = [];
  for (let sent = 0; sent < rps * seconds; sent++) {
    await sleep(Math.max(0, startMs + (sent * 1_000) / rps - performance.now()));
    visits.push(visit(url));
  }
  await Promise.all(visits);
  await sleep(Math.max(0, startMs + seconds * 1_000 - performance.now()));
}

/** @throws Error if the answer is not 200 */
export async function visit(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
}
