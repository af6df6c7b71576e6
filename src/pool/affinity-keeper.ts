/**
 * The secrets of a pool's session cookies, and the tokens its snapshots carry. Tokens are made when an origin is
 * first seen, never per request.
 * @module
 */
import type { AffinityTokens, PoolSnapshot } from "../contract/sync.ts";
import { murmur3 } from "../core/hash.ts";
import {
  type AffinitySecrets,
  randomSecret,
  snapshotTokens,
  usesCookies,
} from "../platform/affinity-tokens.ts";
import type { PoolStore } from "./store.ts";

export interface AffinityKeeperOptions {
  pool: string;
  store: Pick<PoolStore, "fact" | "setFact">;
  /** Environment variable AFFINITY_SECRET; empty or absent: this object makes one and keeps it. */
  secret: string | undefined;
  /** AFFINITY_SECRET_PREVIOUS. */
  previous: string | undefined;
  log: (entry: Record<string, unknown>) => void;
}

/** In SQLite: the secret made here. */
const SECRET_FACT = "affinity_secret";
/** In SQLite: what tells that the operator changed a secret. Nothing can be derived from its 32 bits. */
const MARK_FACT = "affinity_mark";

export class AffinityKeeper {
  readonly #options: AffinityKeeperOptions;
  /** By the ids of the origins, joined: they change far less often than the snapshot. */
  #made: { origins: string; tokens: AffinityTokens } | null = null;

  /** Construct it before the controller: changed secrets make a new snapshot version. */
  constructor(options: AffinityKeeperOptions) {
    this.#options = options;
    this.#noteSecrets();
  }

  /** The snapshot with its tokens, if sessions are kept by cookie. */
  async attach(snapshot: PoolSnapshot): Promise<PoolSnapshot> {
    if (!usesCookies(snapshot.config)) return snapshot;
    const ids = snapshot.config.origins.map((origin) => origin.id);
    const key = ids.join();
    if (this.#made?.origins !== key) {
      const tokens = await snapshotTokens(this.#secrets(), this.#options.pool, ids);
      this.#made = { origins: key, tokens };
    }
    return { ...snapshot, affinity: this.#made.tokens };
  }

  #secrets(): AffinitySecrets {
    const { secret = "", previous = "", store } = this.#options;
    const own = store.fact(SECRET_FACT, "");
    // A secret that the operator sets now follows the one made here: no session is lost.
    if (secret !== "") return { current: secret, previous: previous === "" ? own : previous };
    return { current: own === "" ? this.#makeSecret() : own, previous };
  }

  #makeSecret(): string {
    const made = randomSecret();
    this.#options.store.setFact(SECRET_FACT, made);
    this.#options.log({
      event: "affinity_secret_made",
      detail: "AFFINITY_SECRET is not set; this pool keeps its own secret",
    });
    return made;
  }

  /** One snapshot version must never have two contents: with other secrets, isolates need a new one. */
  #noteSecrets(): void {
    const { secret = "", previous = "", store } = this.#options;
    const mark = secret === "" && previous === "" ? 0 : murmur3(JSON.stringify([secret, previous]));
    if (store.fact(MARK_FACT, 0) === mark) return;
    store.setFact(MARK_FACT, mark);
    store.setFact("snapshot_version", store.fact("snapshot_version", 0) + 1);
  }
}
