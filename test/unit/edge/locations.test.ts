import { beforeEach, describe, expect, it, vi } from "vitest";
import { ClientPlaces } from "../../../src/edge/location/client-places.ts";
import { Locations } from "../../../src/edge/location/locations.ts";
import type { EdgeSettings } from "../../../src/edge/model/surroundings.ts";

const PARIS = { country: "FR" };

/** A request whose `cf` is counted, for reading it is what costs. */
function requestWith(cf: unknown) {
  const reads = { count: 0 };
  const request = {
    get cf() {
      reads.count++;
      if (cf instanceof Error) throw cf;
      return cf;
    },
  };
  return { request, reads };
}

const clock = { nowMs: 0 };
const newLocations = (settings: EdgeSettings = {}) =>
  new Locations({ now: () => clock.nowMs, settings, log: () => undefined });

function ask(locations: Locations, cf: unknown, clientIp: string, nowMs: number) {
  const { request, reads } = requestWith(cf);
  clock.nowMs = nowMs;
  return { place: locations.placeOf({ request, clientIp }), reads: reads.count };
}

describe("the memory of clients' places", () => {
  it("reads cf once a minute for an address", () => {
    const locations = newLocations();
    expect(ask(locations, PARIS, "192.0.2.1", 0)).toMatchObject({ reads: 1, place: { country: "FR" } });
    expect(ask(locations, { country: "US" }, "192.0.2.1", 59_999)).toMatchObject({
      reads: 0,
      place: { country: "FR" },
    });
    expect(ask(locations, { country: "US" }, "192.0.2.1", 60_000)).toMatchObject({
      reads: 1,
      place: { country: "US" },
    });
  });

  it("does not stretch an entry's minute by using it", () => {
    const places = new ClientPlaces();
    const read = vi.fn(() => PARIS);
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 10_000) places.placeOf("192.0.2.1", nowMs, read);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("reads again if the clock was set back", () => {
    const locations = newLocations();
    ask(locations, PARIS, "192.0.2.1", 1_000_000);
    expect(ask(locations, PARIS, "192.0.2.1", 1_000).reads).toBe(1);
  });

  it("remembers nothing without an address, and nothing about the launcher's requests", () => {
    const locations = newLocations({ LOCAL_CLIENT_IP: "127.0.0.1" });
    for (const address of ["", "127.0.0.1"]) {
      expect(ask(locations, PARIS, address, 0).place.country).toBe("FR");
      expect(ask(locations, { country: "US" }, address, 1).place.country).toBe("US");
    }
  });

  it("is bounded, and keeps clients that come again", () => {
    const places = new ClientPlaces();
    const read = vi.fn(() => PARIS);
    places.placeOf("regular", 0, read);
    for (let i = 0; i < 50_000; i++) {
      places.placeOf(`client ${i}`, 0, read);
      if (i % 1_000 === 0) places.placeOf("regular", 0, read);
    }
    expect(read).toHaveBeenCalledTimes(50_001);
    // The newest first, as each that is read again may take the place of an older one.
    for (let i = 49_999; i >= 0; i--) places.placeOf(`client ${i}`, 0, read);
    const remembered = 100_001 - read.mock.calls.length;
    expect(remembered).toBeLessThanOrEqual(8_192);
    expect(remembered).toBeGreaterThanOrEqual(4_096);
  });

  it("treats a cf that cannot be read as absent", () => {
    const locations = newLocations();
    expect(ask(locations, new SyntaxError("no JSON"), "192.0.2.1", 0).place.country).toBe("XX");
    expect(locations.coloOf(requestWith(new SyntaxError("no JSON")))).toBeNull();
  });
});

describe("the isolate's region", () => {
  let locations: Locations;
  beforeEach(() => {
    locations = newLocations();
  });
  const region = (cf: unknown) => locations.isolateRegion(requestWith(cf));

  it("is that of the data centre of the first request that has one", () => {
    expect(region(null)).toBeNull();
    expect(region({ colo: "FRA", country: "US" })).toBe("weu");
    expect(region({ colo: "NRT" })).toBe("weu");
  });

  it("is the first client's if the data centre is not known", () => {
    expect(region({ colo: "ZZZ", country: "JP" })).toBe("neas");
  });

  it("stays unknown if the first request has neither", () => {
    expect(region({ colo: "ZZZ" })).toBeNull();
    expect(region({ colo: "FRA" })).toBeNull();
  });

  it("is LB_REGION whatever cf says", () => {
    locations = newLocations({ LB_REGION: "oc" });
    expect(region({ colo: "FRA" })).toBe("oc");
  });

  it("logs an invalid LB_REGION once", () => {
    const log = vi.fn();
    locations = new Locations({ now: () => 0, settings: { LB_REGION: "europe" }, log });
    expect(region(null)).toBeNull();
    expect(region({ colo: "FRA" })).toBe("weu");
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe("the isolate's data centre", () => {
  it("is that of the first request that tells, and read no more", () => {
    const locations = newLocations();
    for (const cf of [null, new Error("no JSON"), { colo: "nowhere" }, PARIS]) {
      locations.meet(requestWith(cf));
      expect(locations.dataCenter).toBeNull();
      clock.nowMs += 10_000;
    }
    locations.meet(requestWith({ colo: "FRA" }));
    const { request, reads } = requestWith({ colo: "AMS" });
    locations.meet({ request });
    expect([locations.dataCenter, reads.count]).toEqual(["FRA", 0]);
  });

  it("is looked for in one request of ten seconds while none tells, also after the clock was set back", () => {
    const locations = newLocations();
    const { request, reads } = requestWith(PARIS);
    const meet = (afterMs: number): number => {
      clock.nowMs += afterMs;
      for (let requests = 0; requests < 10; requests++) locations.meet({ request });
      return reads.count;
    };
    expect([0, 9_999, 1, -3_600_000].map(meet)).toEqual([1, 1, 2, 3]);
  });
});
