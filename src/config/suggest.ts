/**
 * "Did you mean ...?"
 * @module
 */

/**
 * So many errors of a kind in one document get a suggestion: each costs a look at all candidates, of which there may be
 * thousands, and nobody reads more.
 */
export const MOST_SUGGESTED = 20;

/** The candidate nearest to `text` in spelling, or undefined if none is near. */
export function suggest(text: string, candidates: Iterable<string>): string | undefined {
  const plain = normalise(text);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = normalise(candidate);
    // Two letters in five of the longer word may be wrong; a word with more is taken for another.
    const limit = Math.floor(Math.max(plain.length, other.length) * 0.4);
    if (Math.abs(other.length - plain.length) > Math.min(limit, bestDistance)) continue;
    const distance = editDistance(plain, other);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `maxConnections` and `max-connections` are `max_connections` misspelt in form only. */
function normalise(text: string): string {
  // Bounded, so that a very long key cannot make the quadratic distance expensive.
  return text.slice(0, 64).toLowerCase().replace(/[-_ ]/g, "");
}

/**
 * Damerau-Levenshtein distance, optimal string alignment: insertions, deletions, substitutions and swaps of two
 * neighbours that turn `a` into `b` (Boytsov, "Indexing methods for approximate dictionary searching", 2011, 2.1).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast = new Uint32Array(b.length + 1);
  let last = Uint32Array.from(beforeLast, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = new Uint32Array(b.length + 1);
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      }
      row[j] = distance;
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: Uint32Array, index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
