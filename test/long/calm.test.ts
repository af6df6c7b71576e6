/**
 * 5,000 requests of clients of every kind, good and bad, to three origins without a fault: each answer is right to the
 * last byte, and nothing that a client does is counted at an origin.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blamed, sentTwice, stillOpen } from "../soak/checks.ts";
import { SoakClient } from "../soak/clients.ts";
import { ORIGIN_NAMES } from "../soak/contract.ts";
import { judge } from "../soak/oracle.ts";
import { SoakOrigin } from "../soak/origins.ts";
import { poolReports, startSoakBalancer } from "../soak/pools.ts";
import { Tally } from "../soak/tally.ts";
import { jobFor } from "../soak/work.ts";
import { SEED, seededRandom } from "../support/random.ts";
import type { Balancer } from "../system/support/balancer.ts";

const REQUESTS = 5_000;
const CLIENTS = 25;
const LIMIT_MS = 1_800_000;

let directory: string;
let origins: SoakOrigin[];
let balancer: Balancer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "calm-"));
  origins = await Promise.all(ORIGIN_NAMES.map((name) => SoakOrigin.start(name, directory)));
  balancer = await startSoakBalancer(origins, join(directory, "log"));
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
  rmSync(directory, { recursive: true, force: true });
});

test(
  `0 of ${REQUESTS} answers are wrong, no origin is blamed, and nothing stays open (seed ${SEED})`,
  async () => {
    const tally = new Tally();
    let next = 0;
    const work = async (index: number): Promise<void> => {
      const random = seededRandom(SEED + index);
      const client = new SoakClient(balancer.url);
      while (next < REQUESTS) {
        const result = await client.run(jobFor(`calm-${next++}`, random));
        tally.count(result);
        tally.judged(result, judge(result, [], undefined));
      }
      client.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => work(index)));
    expect(tally.examples).toEqual([]);
    expect(tally.requests).toBe(REQUESTS);
    // Once nothing is open, everything has been reported.
    expect(await stillOpen(balancer.url, origins)).toEqual([]);
    expect(blamed(await poolReports(balancer.url))).toEqual([]);
    expect(sentTwice(origins).wrong).toEqual([]);
  },
  LIMIT_MS,
);
