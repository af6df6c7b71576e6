import { describe, expect, it } from "vitest";
import { age, count, countdown, latency, percent, rate } from "../../../scripts/lib/terminal/format.ts";
import { clip, table } from "../../../scripts/lib/terminal/table.ts";

describe("numbers for people", () => {
  it.each([
    [-5, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_599_999, "59m"],
    [3_600_000, "1h"],
    [172_800_000, "2d"],
  ])("an age of %i ms is %s", (ms, text) => expect(age(ms)).toBe(text));

  it.each([
    [-1, "0:00"],
    [1, "0:01"],
    [61_000, "1:01"],
    [3_600_000, "1:00:00"],
  ])("%i ms still to go are %s", (ms, text) => expect(countdown(ms)).toBe(text));

  it.each([
    [null, "-"],
    [0.44, "0.4ms"],
    [9.6, "9.6ms"],
    [123.4, "123ms"],
    [1_250, "1.3s"],
  ])("a latency of %s ms is %s", (ms, text) => expect(latency(ms)).toBe(text));

  it("rates, shares and counts", () => {
    expect([rate(0), rate(9.94), rate(10.4)]).toEqual(["0.0", "9.9", "10"]);
    expect([percent(0.333), percent(0.0456, 1)]).toEqual(["33%", "4.6%"]);
    expect([count(1, "pool"), count(0, "pool")]).toEqual(["1 pool", "0 pools"]);
  });
});

it("a table measures what is seen, not the colours", () => {
  const rows = [["a", "\u001B[31m10\u001B[39m"], ["bbb", "5", "remark"], ["c"]];
  expect(table(rows, ["left", "right", "left"])).toEqual([
    "a    \u001B[31m10\u001B[39m",
    "bbb   5  remark",
    "c",
  ]);
});

describe("a line that is too long", () => {
  const red = (text: string) => `\u001B[31m${text}\u001B[39m`;

  it.each([
    ["abcd", 4, "abcd"],
    ["abcde", 4, "abc…"],
    [red("abcd"), 4, red("abcd")],
    [`a${red("bcde")}f`, 4, `a${red("bc…")}`],
    [`abc${red("de")}`, 4, `abc${red("…")}`],
    [`abcd${red("e")}`, 4, `abc…${red("")}`],
    ["abc", 1, "…"],
  ])("%j is cut to %i columns, and its colours are ended", (text, width, cut) => {
    expect(clip(text, width)).toBe(cut);
  });
});
