import { describe, expect, it } from "vitest";
import { RequestRates } from "../../../../src/pool/status/request-rates.ts";

describe("requests a second of all isolates", () => {
  it("are the sum of each isolate's last report, divided by the time that it covers", () => {
    const rates = new RequestRates();
    rates.note("a", 90, 900, 900, 0);
    rates.note("b", 10, 2_000, 900, 100);
    expect(rates.total(200)).toBe(105);
    rates.note("a", 9, 900, 900, 900);
    expect(rates.total(900)).toBe(15);
  });

  it("forget an isolate that has missed a report, and no other", () => {
    const rates = new RequestRates();
    rates.note("gone", 90, 900, 900, 0);
    rates.note("slow", 40, 4_000, 4_000, 0);
    expect(rates.total(2_799)).toBe(110);
    expect(rates.total(2_800)).toBe(10);
    expect(rates.total(9_000)).toBe(0);
  });

  it("are finite for a report that covers no time", () => {
    const rates = new RequestRates();
    rates.note("a", 0, 0, 900, 0);
    expect(rates.total(0)).toBe(0);
  });
});
