/** Isolates that hear of each other's connections once a second must not all run to the server that was idle then. */
import { expect, it } from "vitest";
import { origins, simulated } from "./support.ts";

const SEED = 20_261_124;
console.log(`seed ${SEED}`);

async function meanTime(algorithm: string, isolates: number): Promise<number> {
  const load = `--rps 210 --load 0.7 --workers 1 --isolates ${isolates} --seconds 60 --seed ${SEED}`;
  const { queue } = await simulated({ algorithm, origins: origins(6) }, load);
  return queue?.mean_time ?? Number.NaN;
}

it.each(["p2c", "least_connections"])(
  "%s of many isolates waits no longer than random picks",
  async (name) => {
    for (const isolates of [10, 60]) {
      const random = await meanTime("random", isolates);
      expect(await meanTime(name, isolates), `${isolates} isolates`).toBeLessThan(random);
    }
  },
);
