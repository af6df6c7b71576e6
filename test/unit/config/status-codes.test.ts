import { expect, it } from "vitest";
import { parseStatusCodes } from "../../../src/config/status-codes.ts";

const ALL = Array.from({ length: 600 }, (_, status) => status);
const range = (low: number, high: number) => ALL.filter((status) => status >= low && status <= high);

it.each<[text: string, statuses: number[]]>([
  ["200", [200]],
  ["2xx", range(200, 299)],
  ["5XX", range(500, 599)],
  ["200-204", range(200, 204)],
  ["299-299", [299]],
  ["200,204,3xx", [200, 204, ...range(300, 399)]],
  [" 200 , 300 - 301 ", [200, 300, 301]],
])("%j matches just its statuses", (text, statuses) => {
  const matches = parseStatusCodes(text);
  expect(ALL.filter((status) => matches?.(status))).toEqual(statuses);
});

it.each([
  "",
  ",",
  "200,",
  "6xx",
  "0xx",
  "xx",
  "20",
  "2000",
  "204-200",
  "200-",
  "-200",
  "2xx-3xx",
  "abc",
  "600",
  "2xx;3xx",
])("%j is refused", (text) => {
  expect(parseStatusCodes(text)).toBeNull();
});
