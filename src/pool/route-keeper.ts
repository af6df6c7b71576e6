/**
 * The routes in force, without the Durable Object: which document counts, and what happened to it.
 * @module
 */
import { parseRoutes } from "../config/parse.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { PoolEventKind } from "../contract/events.ts";
import type { RoutesDescription, RoutesDocument } from "../contract/routes.ts";
import { ConfigKeeper, type OfferedDocument, type OfferVerdict } from "./config-keeper.ts";
import type { WrittenConfig } from "./config-writer.ts";
import { EventBook } from "./event-counts.ts";
import type { PoolStore } from "./store.ts";

/** Routes written so lately may be missing only where KV is behind; older ones were deleted. */
const KV_DELAY_MS = 60_000;

export interface RouteKeeperOptions {
  store: PoolStore;
  now: () => number;
  log: (entry: Record<string, unknown>) => void;
  /** New routes are in force. */
  changed: (mark: number) => void;
}

export class RouteKeeper implements WrittenConfig {
  readonly keeper: ConfigKeeper<readonly RouteConfig[]>;
  readonly #options: RouteKeeperOptions;
  readonly #events: EventBook;

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
    this.#events = new EventBook(options.store);
    this.keeper = new ConfigKeeper(options.store, options.now, parseRoutes);
  }

  get configured(): boolean {
    return this.keeper.config !== null;
  }

  /** What KV holds. A good, newer document comes into force; if it was deleted, there are no routes. */
  offer(document: OfferedDocument | null): OfferVerdict | "missing" {
    if (document === null) return this.#missing();
    const errorBefore = this.keeper.error;
    const verdict = this.keeper.offer(document);
    const { error, version } = this.keeper;
    if (verdict === "applied") {
      this.#emit("config_applied", `version ${version?.version ?? 0}`);
      this.#options.changed(this.document().mark);
    }
    if (verdict === "invalid" && error !== errorBefore) this.#emit("config_refused", error ?? "");
    return verdict;
  }

  /** An operator did something. */
  audit(who: string, what: string): void {
    if (who !== "") this.#emit("audit", what, who);
  }

  document(): RoutesDocument {
    const { version } = this.keeper;
    if (version === null) return { text: null, mark: 0 };
    return { text: version.document, mark: version.updatedAt ?? version.appliedAt };
  }

  describe(): RoutesDescription {
    const { version, error } = this.keeper;
    const { counts } = this.#events;
    return {
      ...this.document(),
      version: version?.version ?? 0,
      updated_at: version?.updatedAt ?? null,
      config_error: error,
      applied: counts.config_applied?.[""] ?? 0,
      refused: counts.config_refused?.[""] ?? 0,
    };
  }

  #missing(): OfferVerdict | "missing" {
    const nowMs = this.#options.now();
    if (!this.configured || nowMs - this.document().mark < KV_DELAY_MS) return "missing";
    return this.offer({ text: "[]", updatedAt: nowMs });
  }

  #emit(kind: PoolEventKind, detail: string, who?: string): void {
    const { store, now, log } = this.#options;
    store.addEvent({ at: now(), kind, pool: "", detail, ...(who === undefined ? {} : { who }) });
    this.#events.note(kind);
    log({ event: kind, who, detail });
  }
}
