/**
 * The note that an isolate leaves in its data centre's cache for the others there: what the pool's object has decided of
 * the origins. Isolates of other versions read it, so a form never changes; another one gets another number.
 *
 * A note is as good as the version it names, whenever it was written and read: versions are the object's own, each newer
 * than the one before. So no clock is compared with another, and no age matters.
 * @module
 */

/** What `NotedOrigin` says with its first number: the sum of 2 to the power of each one's place here. */
export const NOTE_FLAGS = ["healthy", "ejected", "draining", "drained", "enabled", "no_binding"] as const;

/** One origin. The weights are as configured, and the share of it in force. */
export type NotedOrigin = [flags: number, weight: number, weight_factor: number];

export interface VerdictNote {
  /** 1. Others are ignored. */
  form: number;
  /** Version of the snapshot that it was made from. */
  version: number;
  /** Hash of the pool's id and of its configuration, apart from what the note says itself. */
  shape: string;
  /** In the order of the configuration, so that no origin is named. */
  origins: NotedOrigin[];
  /** What isolates nearby could not reach, though the object says nothing of it. Absent: nothing. */
  unreachable?: Suspected | undefined;
}

/** By an origin's place in the configuration: names of isolates that could not reach it, and since then none did. */
export type Suspected = Readonly<Record<number, readonly string[]>>;
