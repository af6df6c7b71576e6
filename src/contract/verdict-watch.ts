/**
 * A call of an isolate that the pool's object answers when it has decided something new: in a crowd one isolate of each
 * data centre makes it, and tells the others by a note. The object says who, in its answers to reports.
 * @module
 */

/** An isolate that is asked to watch begins with the next request that ends, within this time. */
export const OFFER_MS = 3_000;
/** The object answers by then, whether or not there is anything new: the platform ends work 30 s after an answer. */
export const LONGEST_WATCH_MS = 24_000;

export interface WatchRequest {
  /** Where the isolate is, such as `FRA`. */
  data_center: string;
  /** The newest version that is known there, of a snapshot or of a note. One that there is not is of a false note. */
  version: number;
}

export interface WatchReply {
  /** A note of what is new, as JSON: it is made once for all who wait. Null: nothing is. */
  note: string | null;
  /** The isolate is asked to watch again after so many ms. Null: another one watches. */
  watch_after_ms: number | null;
}
