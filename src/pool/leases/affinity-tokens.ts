/**
 * The secrets of a pool's session cookies, and the tokens its snapshots carry. Tokens are made when an origin is
 * first seen, never per request.
 * @module
 */
import { keepsSessionCookies } from "../../config/pool-rules.ts";
import type { AffinityTokens, PoolSnapshot } from "../../contract/sync.ts";
import { type AffinitySecrets, randomSecret, snapshotTokens } from "../../platform/affinity-tokens.ts";
import type { Metadata } from "../storage/metadata.ts";

export interface AffinityTokenStoreOptions {
  pool: string;
  store: Pick<Metadata, "get" | "put">;
  /** As the operator set them; without a current one this object makes one and keeps it. */
  secrets: { current: string; previous: string };
  log: (entry: Record<string, unknown>) => void;
}

export class AffinityTokenStore {
  readonly #options: AffinityTokenStoreOptions;
  /** By the secrets and the ids of the origins, joined: they change far less often than the snapshot. */
  #made: { from: string; tokens: AffinityTokens } | null = null;

  constructor(options: AffinityTokenStoreOptions) {
    this.#options = options;
  }

  /** The snapshot with its tokens, if sessions are kept by cookie. */
  async attach(snapshot: PoolSnapshot): Promise<PoolSnapshot> {
    if (!keepsSessionCookies(snapshot.config)) return snapshot;
    const ids = snapshot.config.origins.map((origin) => origin.id);
    const secrets = this.#secrets();
    const from = [secrets.current, secrets.previous, ...ids].join();
    if (this.#made?.from !== from) {
      this.#made = { from, tokens: await snapshotTokens(secrets, this.#options.pool, ids) };
    }
    return { ...snapshot, affinity: this.#made.tokens };
  }

  #secrets(): AffinitySecrets {
    const { store, secrets } = this.#options;
    const own = store.get("affinity_secret");
    // A secret that the operator sets now follows the one made here: no session is lost.
    if (secrets.current !== "") {
      return { current: secrets.current, previous: secrets.previous === "" ? own : secrets.previous };
    }
    return { current: own === "" ? this.#makeSecret() : own, previous: secrets.previous };
  }

  #makeSecret(): string {
    const made = randomSecret();
    this.#options.store.put("affinity_secret", made);
    this.#options.log({
      event: "affinity_secret_made",
      detail: "AFFINITY_SECRET is not set; this pool keeps its own secret",
    });
    return made;
  }
}
