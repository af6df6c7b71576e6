/**
 * Finds where a request comes from, and where this isolate is. Used only if needed: by routes with conditions or
 * several pools, and by headers that name a place.
 * @module
 */
import { type ClientPlace, clientPlace, coloOf } from "../../core/steering/client-place.ts";
import { regionOfColo } from "../../core/steering/region-tables.ts";
import { isRegion, REGIONS, type Region } from "../../core/steering/regions.ts";
import { elapsedMs } from "../model/elapsed.ts";
import type { Surroundings } from "../model/surroundings.ts";
import { ClientPlaces } from "./client-places.ts";

/** How long after a request that does not tell the data centre the next one is read for it, in ms. */
const UNTOLD_MS = 10_000;

interface Asked {
  readonly request: { readonly cf?: unknown };
  /** The trusted client address; empty if there is none. */
  readonly clientIp: string;
}

export class Locations {
  readonly #surroundings: Pick<Surroundings, "now" | "log" | "settings">;
  readonly #clients = new ClientPlaces();
  /** Undefined: no request has shown it yet. */
  #region: Region | null | undefined = undefined;
  #hasComplained = false;
  /** The data centre that the first request came to which tells, such as `FRA`; null: none has. */
  dataCenter: string | null = null;
  /** When a request was last read that did not tell it, in ms. */
  #untoldMs = Number.NEGATIVE_INFINITY;

  constructor(surroundings: Pick<Surroundings, "now" | "log" | "settings">) {
    this.#surroundings = surroundings;
  }

  /** Where the client is. Never throws. */
  placeOf({ request, clientIp }: Asked): ClientPlace {
    // Locally all clients have the launcher's address, whatever place they claim.
    const { settings, now } = this.#surroundings;
    const address = clientIp === settings.LOCAL_CLIENT_IP ? "" : clientIp;
    return this.#clients.placeOf(address, now(), () => cfOf(request));
  }

  /** The data centre that the request came to, such as `FRA`; null: unknown. Reads `request.cf` each time. */
  coloOf({ request }: Pick<Asked, "request">): string | null {
    return coloOf(cfOf(request));
  }

  /** A request has come here. It is read only now and then, as long as none tells where that is. */
  meet(asked: Pick<Asked, "request">): void {
    if (this.dataCenter !== null) return;
    const nowMs = this.#surroundings.now();
    if (elapsedMs(this.#untoldMs, nowMs) < UNTOLD_MS) return;
    this.dataCenter = this.coloOf(asked);
    if (this.dataCenter === null) this.#untoldMs = nowMs;
  }

  /**
   * Where this isolate runs; null: unknown. `LB_REGION` says it where the Worker does not run where requests arrive;
   * else the data centre of the first request that tells, and if that is not known, that client's region.
   */
  isolateRegion({ request }: Pick<Asked, "request">): Region | null {
    if (this.#region !== undefined) return this.#region;
    const named = this.#namedRegion();
    const cf = named === null ? cfOf(request) : null;
    if (named === null && (typeof cf !== "object" || cf === null)) return null;
    const colo = coloOf(cf);
    this.#region = named ?? (colo === null ? null : regionOfColo(colo)) ?? clientPlace(cf).region;
    return this.#region;
  }

  #namedRegion(): Region | null {
    const { LB_REGION: named = "" } = this.#surroundings.settings;
    if (isRegion(named)) return named;
    if (named !== "" && !this.#hasComplained) {
      this.#hasComplained = true;
      this.#surroundings.log({
        event: "lb_region_unknown",
        detail: `LB_REGION is none of ${REGIONS.join(", ")}`,
      });
    }
    return null;
  }
}

/** Read once for each purpose, for it is parsed then. A blob that is no JSON makes the reading itself throw. */
function cfOf(request: Asked["request"]): unknown {
  try {
    return request.cf;
  } catch {
    return null;
  }
}
