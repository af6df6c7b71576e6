/**
 * Ejects origins by failures that this isolate alone has seen, before the object knows: for a moment, and within the
 * same limits as the object's own ejections.
 * @module
 */
import { outlierConfigOf } from "../../config/pool-rules.ts";
import type { OutlierDetectionConfig } from "../../config/schema.ts";
import { EjectionLimit } from "../../core/health/ejection-limit.ts";
import { ONE_FAILURE, ONE_SUCCESS } from "../../core/health/outcome-window.ts";
import { type OutlierConfig, OutlierDetector } from "../../core/health/outlier-detector.ts";
import type { Server } from "../../core/server/server.ts";

/** How long a local ejection lasts, in ms: until the object, which gets the report at once, has decided itself. */
const LOCAL_EJECTION_MS = 3_000;

const NONE: readonly string[] = [];

export class LocalEjections {
  /** Null: outliers are not ejected. */
  #detector: OutlierDetector | null = null;
  #settings: OutlierDetectionConfig | null = null;
  /** When each one ends, in ms. */
  readonly #endsMs = new Map<string, number>();

  /** Earlier outcomes are forgotten if the settings differ. */
  configure(settings: OutlierDetectionConfig | null): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#detector = settings === null ? null : new OutlierDetector(configOf(settings));
    this.#endsMs.clear();
  }

  /**
   * An attempt at `server` ended.
   * @param servers all of the pool
   * @returns true if it is ejected by this
   */
  observe(server: Server, failed: boolean, servers: Iterable<Server>, nowMs: number): boolean {
    // An attempt that ends at an ejected origin began before the ejection.
    if (this.#detector === null || server.ejected) return false;
    const batch = failed ? ONE_FAILURE : ONE_SUCCESS;
    const mayEject = (percent: number) => new EjectionLimit(servers).allows(server.id, percent);
    const transition = this.#detector.record(server.id, batch, mayEject, nowMs);
    if (transition?.kind !== "ejected") return false;
    this.#endsMs.set(server.id, transition.untilMs);
    return true;
  }

  get any(): boolean {
    return this.#endsMs.size > 0;
  }

  has(id: string): boolean {
    return this.#endsMs.has(id);
  }

  /** Ends ejections whose time is up. @returns ids of their origins */
  end(nowMs: number): readonly string[] {
    // Asked at each pick, where there is hardly ever one.
    if (this.#endsMs.size === 0) return NONE;
    const over = [...this.#endsMs].flatMap(([id, endsMs]) => (isOver(endsMs, nowMs) ? [id] : []));
    for (const id of over) {
      this.#detector?.uneject(id, nowMs);
      this.#endsMs.delete(id);
    }
    return over;
  }

  /** Ends all of them. @returns ids of their origins */
  endAll(): readonly string[] {
    const ids = [...this.#endsMs.keys()];
    for (const id of ids) this.forget(id);
    return ids;
  }

  /** The origin has left, or the object has given its own verdict. */
  forget(id: string): void {
    this.#detector?.forget(id);
    this.#endsMs.delete(id);
  }
}

/** None can be further away than one lasts, unless the clock was set back. */
function isOver(endsMs: number, nowMs: number): boolean {
  return endsMs <= nowMs || endsMs - nowMs > LOCAL_EJECTION_MS;
}

function configOf(settings: OutlierDetectionConfig): OutlierConfig {
  return {
    ...outlierConfigOf(settings),
    baseEjectionMs: LOCAL_EJECTION_MS,
    maxEjectionMs: LOCAL_EJECTION_MS,
  };
}
