/** Isolates that hear of each other's connections once a second must not all run to the server that was idle then. */
import { beforeAll, expect, it } from "vitest";
import { origins, simulated } from "./support.ts";

const ISOLATES = [10, 60];
const SEED = 20_261_124;
console.log(`seed ${SEED}`);

async function meanTime(algorithm: string, isolates: number): Promise<number> {
  const load = `--rps 210 --load 0.7 --workers 1 --isolates ${isolates} --seconds 60 --seed ${SEED}`;
  const { queue } = await simulated({ algorithm, origins: origins(6) }, load);
  return queue?.mean_time ?? Number.NaN;
}

const ofRandom = new Map<number, number>();
beforeAll(async () => {
  for (const isolates of ISOLATES) ofRandom.set(isolates, await meanTime("random", isolates));
});

it.each(["p2c", "least_connections"])(
  "%s of many isolates waits no longer than random picks",
  async (name) => {
    for (const isolates of ISOLATES) {
      const random = ofRandom.get(isolates) ?? Number.NaN;
      expect(await meanTime(name, isolates), `${isolates} isolates`).toBeLessThan(random);
    }
  },
);
