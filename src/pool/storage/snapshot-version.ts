/**
 * The versions of a pool's snapshots. An isolate that knows a version never gets it again, so none may ever have two
 * contents, whichever incarnation of the object gave it.
 * @module
 */
import { murmur3 } from "../../core/hash/murmur3.ts";
import type { Metadata } from "./metadata.ts";

export class SnapshotVersion {
  readonly #store: Pick<Metadata, "get" | "put">;
  /** Of what the deployment adds; 0: nothing. */
  readonly #hash: number;

  /**
   * Both come from the deployment and go into snapshots without being part of a configuration. So if they differ from
   * those of the last incarnation, earlier snapshots are out of date.
   * @param secrets of session cookies, as the operator set them
   * @param bindings that origins may be reached through
   */
  constructor(
    store: Pick<Metadata, "get" | "put">,
    { current, previous }: { current: string; previous: string },
    bindings: readonly string[] = [],
  ) {
    this.#store = store;
    const facts = [current, previous, ...bindings];
    this.#hash = facts.every((fact) => fact === "") ? 0 : murmur3(JSON.stringify(facts));
    if (this.#isOther && this.current > 0) this.next();
  }

  /** The last that was given; 0: none ever was. */
  get current(): number {
    return this.#store.get("snapshot_version");
  }

  get #isOther(): boolean {
    return this.#store.get("deployment_hash") !== this.#hash;
  }

  /** A new one. Stored before anybody gets it. */
  next(): number {
    if (this.#isOther) this.#store.put("deployment_hash", this.#hash);
    const version = this.current + 1;
    this.#store.put("snapshot_version", version);
    return version;
  }
}
