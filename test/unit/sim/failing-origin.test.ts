/**
 * An origin that refuses connections, in a pool with so many isolates that each is seldom heard and seldom sees it fail.
 */
import { expect, it } from "vitest";
import { share } from "../../support/full.ts";
import { origins, simulated } from "./support.ts";

const ISOLATES = 300;

it.each(share([1, 2], 1))(
  "an origin that fails is ejected within a second, though most isolates still report its old successes, seed %i",
  async (seed) => {
    const { failures, events } = await simulated(
      { origins: origins("a", "b", "c", "d"), outlier_detection: {} },
      `--isolates ${ISOLATES} --rps 450 --seconds 20 --fail a@8 --seed ${seed}`,
    );
    const ejected = events.find(({ kind, origin }) => kind === "ejected" && origin === "a");
    expect(ejected?.atMs).toBeGreaterThan(8_000);
    expect(ejected?.atMs).toBeLessThan(9_000);
    // No isolate tries it again before it has heard the verdict: one request each, and those under way.
    expect(failures[0]?.requests_until_out).toBeLessThan(ISOLATES);
    expect(failures[0]?.requests_after).toBeLessThan(5);
  },
);
