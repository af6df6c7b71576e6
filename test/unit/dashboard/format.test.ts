import { describe, expect, it } from "vitest";
import {
  ago,
  duration,
  latency,
  percent,
  plural,
  rate,
  sentence,
} from "../../../src/admin/dashboard/lib/format.ts";

describe("figures", () => {
  it("are as short as possible without being wrong", () => {
    expect([0, 0.01, 0.06, 9.96, 99.94, 1_240.4].map(rate)).toEqual([
      "0",
      "<0.1",
      "0.1",
      "10.0",
      "99.9",
      "1,240",
    ]);
    expect([0, 0.0005, 0.005, 0.5, 0.999, 1].map(percent)).toEqual([
      "0%",
      "<0.1%",
      "0.5%",
      "50%",
      "99.9%",
      "100%",
    ]);
    expect([null, 0.44, 12.6, 999.4, 1_234, 12_345].map(latency)).toEqual([
      "–",
      "0.4 ms",
      "13 ms",
      "999 ms",
      "1.23 s",
      "12.3 s",
    ]);
  });

  it("agree with the name of the counted thing", () => {
    expect([plural(1, "origin"), plural(2_000, "origin")]).toEqual(["1 origin", "2,000 origins"]);
  });
});

describe("times", () => {
  it("have their two largest units", () => {
    const times = [0, 999, 1_000, 60_000, 65_500, 3_600_000, 3_660_000, 90_000_000];
    expect(times.map(duration)).toEqual([
      "0 s",
      "0 s",
      "1 s",
      "1 min",
      "1 min 5 s",
      "1 h",
      "1 h 1 min",
      "1 d 1 h",
    ]);
    expect([ago(500), ago(-500), ago(3_000)]).toEqual(["just now", "just now", "3 s ago"]);
  });
});

describe("a sentence", () => {
  it("ends with one full stop", () => {
    expect([sentence("No answer"), sentence("No answer.")]).toEqual(["No answer.", "No answer."]);
  });
});
