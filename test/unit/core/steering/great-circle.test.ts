import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  distanceKm,
  orderByDistance,
  type UnitVector,
  unitVector,
} from "../../../../src/core/steering/great-circle.ts";

const SEED = 20_261_130;

const CITIES = {
  london: [51.5074, -0.1278],
  newYork: [40.7128, -74.006],
  tokyo: [35.6762, 139.6503],
  sydney: [-33.8688, 151.2093],
  saoPaulo: [-23.5505, -46.6333],
  auckland: [-36.8485, 174.7633],
  honolulu: [21.3069, -157.8583],
} as const;

type City = keyof typeof CITIES;

function place(city: City): UnitVector {
  const [latitude, longitude] = CITIES[city];
  return unitVector(latitude, longitude);
}

/** The haversine formula, in another shape than the code's. */
function haversineKm([lat1, lon1]: [number, number], [lat2, lon2]: [number, number]): number {
  const rad = (degrees: number): number => (degrees * Math.PI) / 180;
  const a =
    Math.sin(rad(lat2 - lat1) / 2) ** 2 +
    Math.cos(rad(lat1)) * Math.cos(rad(lat2)) * Math.sin(rad(lon2 - lon1) / 2) ** 2;
  return 6_371.0088 * 2 * Math.atan2(Math.sqrt(a), Math.sqrt(1 - a));
}

const coordinates = fc.tuple(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.double({ min: -180, max: 180, noNaN: true }),
);

describe("distances on the globe", () => {
  // Published great-circle distances.
  it.each<[City, City, number]>([
    ["london", "newYork", 5_570],
    ["tokyo", "sydney", 7_823],
    ["saoPaulo", "london", 9_496],
    ["auckland", "honolulu", 7_064],
  ])("from %s to %s: about %d km", (from, to, km) => {
    expect(Math.abs(distanceKm(place(from), place(to)) - km)).toBeLessThan(km * 0.006);
  });

  it(`are those of the haversine formula, wherever the places are (seed ${SEED})`, () => {
    fc.assert(
      fc.property(coordinates, coordinates, (a, b) => {
        expect(distanceKm(unitVector(...a), unitVector(...b))).toBeCloseTo(haversineKm(a, b), 2);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("across the date line and the poles are short", () => {
    expect(distanceKm(unitVector(0, 179.9), unitVector(0, -179.9))).toBeCloseTo(22.24, 1);
    expect(distanceKm(unitVector(89.9, 0), unitVector(89.9, 180))).toBeCloseTo(22.24, 1);
    expect(distanceKm(unitVector(90, 0), unitVector(90, 77))).toBeCloseTo(0, 6);
    expect(distanceKm(unitVector(0, 0), unitVector(0, 180))).toBeCloseTo(20_015.1, 0);
  });
});

describe("the order by distance", () => {
  it("is the nearest first; unknown places come last, and equals as they are listed", () => {
    const far = unitVector(10, 40);
    const near = unitVector(10, 20);
    expect(orderByDistance(unitVector(0, 0), [null, far, near, null, near])).toEqual([2, 4, 1, 0, 3]);
    expect(orderByDistance(unitVector(0, 0), [unitVector(0, 10), unitVector(0, -10)])).toEqual([0, 1]);
    expect(orderByDistance(unitVector(0, 0), [null, null])).toEqual([0, 1]);
  });

  it(`is a permutation sorted by the haversine distance (seed ${SEED})`, () => {
    fc.assert(
      fc.property(coordinates, fc.array(coordinates, { maxLength: 20 }), (from, places) => {
        const vectors = places.map((each) => unitVector(...each));
        const order = orderByDistance(unitVector(...from), vectors);
        expect([...order].sort((a, b) => a - b)).toEqual([...places.keys()]);
        const km = order.map((index) => haversineKm(from, places[index] ?? from));
        for (const [index, each] of km.entries()) expect(each + 0.01).toBeGreaterThan(km[index - 1] ?? 0);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
