/**
 * Distances on the globe. Places are unit vectors, made once: comparing two of them takes three multiplications, and
 * neither the poles nor the date line is a special case.
 * @module
 */

/** Mean radius of the Earth in km (IUGG, R1). */
const EARTH_RADIUS_KM = 6_371.0088;
const RADIANS = Math.PI / 180;

/** A place on the globe, as a vector of length 1 from its centre. */
export type UnitVector = readonly [x: number, y: number, z: number];

/**
 * @param latitude degrees north, -90 to 90
 * @param longitude degrees east, -180 to 180
 */
export function unitVector(latitude: number, longitude: number): UnitVector {
  const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/**
 * Square of the length of the straight line through the globe, 0 to 4. It grows with the distance, and needs no
 * trigonometry.
 */
function squaredChord(a: UnitVector, b: UnitVector): number {
  const [dx, dy, dz] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  return dx * dx + dy * dy + dz * dz;
}

/** Distance along the surface, in km, to within 0.6% (the Earth is no sphere). */
export function distanceKm(a: UnitVector, b: UnitVector): number {
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(squaredChord(a, b)) / 2));
}

/**
 * Sorts places, the nearest first. Places at the same distance keep their order, and so do unknown places, at the end.
 */
export function orderByDistance(from: UnitVector, places: readonly (UnitVector | null)[]): number[] {
  const chords = places.map((place) =>
    place === null ? Number.POSITIVE_INFINITY : squaredChord(from, place),
  );
  const chord = (index: number): number => chords[index] ?? Number.POSITIVE_INFINITY;
  // Infinities are compared, not subtracted: their difference is no number.
  return [...places.keys()].sort((a, b) => (chord(a) === chord(b) ? a - b : chord(a) < chord(b) ? -1 : 1));
}
