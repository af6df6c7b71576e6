/** `npm run cost`: what is asked. */
import { describe, expect, it } from "vitest";
import { parseCostOptions } from "../../../scripts/lib/cost/options.ts";

describe("the command line", () => {
  it.each([
    [["--rps", "1"], "--config FILE is missing"],
    [["--config", "a.json"], "--rps N is missing"],
    [["--config", "a.json", "--rps", "many"], '--rps: "many" is not a number from 0.001 to 10000000'],
    [["--config", "a.json", "--rps", "0"], '--rps: "0" is not a number from 0.001 to 10000000'],
    [["--config", "a.json", "--rps", "1", "--isolates", "1.5"], '--isolates: "1.5" is not a whole number'],
    [["--config", "a.json", "--rps", "1", "--plan", "Free"], '--plan: "Free" is neither free nor paid'],
    [
      ["--config", "a.json", "--rps", "1", "--json", "--markdown"],
      "only one of --json and --markdown can be meant",
    ],
    [["--measure", "5"], '--measure: "5" is not a number from 10 to 600'],
    [["--cofnig", "a.json"], "Unknown option '--cofnig'"],
  ])("%j is refused: %s", (args, message) => {
    expect(() => parseCostOptions(args)).toThrow(message);
  });

  it("has defaults", () => {
    expect(parseCostOptions(["--config", "a.json", "--rps", "2.5"])).toEqual({
      config: "a.json",
      rps: 2.5,
      isolates: null,
      plan: "paid",
      dnsQueries: 500_000,
      format: "text",
    });
    expect(parseCostOptions(["--measure"])).toEqual({ measureSeconds: 60 });
    expect(parseCostOptions(["-h"])).toBe("help");
  });
});
