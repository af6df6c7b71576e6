/**
 * The isolates of the same data centre, which tell one another what the pool's object has decided where many work for the
 * pool: by notes, and by one of them that hears of it first.
 * @module
 */
import type { SyncReply, SyncReport } from "../../contract/sync.ts";
import type { Locations } from "../location/locations.ts";
import type { Background, Surroundings } from "../model/surroundings.ts";
import type { EdgePool } from "../pool/edge-pool.ts";
import { NoteExchange } from "./note-exchange.ts";
import { VerdictWatch } from "./verdict-watch.ts";

/** Where the isolate is, as far as it is known. */
export type Place = Pick<Locations, "dataCenter">;

export class Neighbours {
  readonly notes: NoteExchange;
  readonly #watch: VerdictWatch;
  readonly #place: Place;

  /** @param isolate its name */
  constructor(pool: EdgePool, isolate: string, place: Place, surroundings: Surroundings) {
    this.notes = new NoteExchange(pool, isolate, surroundings);
    this.#watch = new VerdictWatch(pool, this.notes, surroundings);
    this.#place = place;
  }

  /** Makes sure, for a while, that the isolate hears of others' notes, and of the verdict if the object asked it to. */
  listen(nowMs: number, background: Background): void {
    if (this.notes.needsWatch(nowMs)) background.waitUntil(this.notes.watch());
    const { dataCenter } = this.#place;
    if (dataCenter !== null && this.#watch.begins()) background.waitUntil(this.#watch.watch(dataCenter));
  }

  /** What the object needs to know of them. */
  report(): Pick<SyncReport, "data_center"> {
    const { dataCenter } = this.#place;
    return dataCenter === null ? {} : { data_center: dataCenter };
  }

  /** The object has answered. */
  hear({ watch_after_ms }: SyncReply): void {
    this.#watch.ask(watch_after_ms);
  }
}
