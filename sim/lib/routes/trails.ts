/**
 * Which pool each client of a route was served by, over time.
 * @module
 */

/** One client's. */
export interface Trail {
  /** Position of its place. */
  readonly place: number;
  /** Pools in turn, each with the time of the first answer from there, in ms. */
  readonly stays: { readonly pool: string; readonly atMs: number }[];
  /** The pool that the shares gave it last; null: something else decided each time. */
  chosen: string | null;
  /** Its last answer, in ms. */
  lastMs: number;
}

/** What became of a pool's clients when it failed, on one route. */
export interface Moves {
  /** Clients that were there. */
  there: number;
  /** Of them, those that were served elsewhere before it was back. */
  moved: number;
  /** Clients of other pools that were served by another than theirs meanwhile. */
  others_moved: number;
}

/** The same after its return. */
export interface Returns {
  /** Of the clients that had moved: back at the end of the run, elsewhere, or not seen since it takes clients again. */
  back: number;
  elsewhere: number;
  unseen: number;
  /** Clients that are there at the end, and were at another pool before it failed. */
  newcomers: number;
}

export class Trails {
  readonly byClient = new Map<number, Trail>();

  /** @param isByShare the shares decided, and nothing else */
  served(client: { index: number; place: number }, pool: string, atMs: number, isByShare: boolean): void {
    let trail = this.byClient.get(client.index);
    if (trail === undefined) {
      trail = { place: client.place, stays: [], chosen: null, lastMs: atMs };
      this.byClient.set(client.index, trail);
    }
    trail.lastMs = atMs;
    if (isByShare) trail.chosen = pool;
    if (trail.stays.at(-1)?.pool !== pool) trail.stays.push({ pool, atMs });
  }

  moves(pool: string, failedMs: number, backMs: number): Moves {
    const moves = { there: 0, moved: 0, others_moved: 0 };
    for (const trail of this.byClient.values()) {
      const before = poolAt(trail, failedMs);
      const left = trail.stays.some((stay) => isWithin(stay, failedMs, backMs) && stay.pool !== before);
      if (before === pool) moves.there++;
      if (before === pool && left) moves.moved++;
      if (before !== pool && before !== null && left) moves.others_moved++;
    }
    return moves;
  }

  /** @param takesMs when it got its first request again @param endMs of the run, or when it fails again */
  returns(pool: string, failedMs: number, backMs: number, takesMs: number | null, endMs: number): Returns {
    const returns = { back: 0, elsewhere: 0, unseen: 0, newcomers: 0 };
    for (const trail of this.byClient.values()) {
      const before = poolAt(trail, failedMs);
      const now = poolAt(trail, endMs);
      if (before !== pool && before !== null && now === pool) returns.newcomers++;
      const hasMoved = trail.stays.some((stay) => isWithin(stay, failedMs, backMs) && stay.pool !== pool);
      if (before !== pool || !hasMoved) continue;
      if (now === pool) returns.back++;
      else if (takesMs === null || trail.lastMs < takesMs) returns.unseen++;
      else returns.elsewhere++;
    }
    return returns;
  }
}

function isWithin({ atMs }: { atMs: number }, fromMs: number, untilMs: number): boolean {
  return atMs > fromMs && atMs < untilMs;
}

function poolAt({ stays }: Trail, atMs: number): string | null {
  return stays.findLast((stay) => stay.atMs <= atMs)?.pool ?? null;
}
