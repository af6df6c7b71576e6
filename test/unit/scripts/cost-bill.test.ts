/** `npm run cost`: what that usage costs, against figures worked out by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { billOf } from "../../../scripts/lib/cost/bill.ts";
import { readMeasured } from "../../../scripts/lib/cost/measured.ts";
import { METERS, type MeterName } from "../../../scripts/lib/cost/prices.ts";
import { DAY_S, MONTH_S, usageOf } from "../../../scripts/lib/cost/usage.ts";
import { ALL, config, origins } from "./cost-figures.ts";

const PROJECT = join(import.meta.dirname, "../../..");

describe("the bill", () => {
  const web = config({ web: { origins: origins("a", "b", "c", "d") } });
  const none = Object.fromEntries(METERS.map(({ name }) => [name, 0])) as Record<MeterName, number>;
  const asked = { config: web, cpuMs: 0.5, dnsQueries: 500_000, usageWith: () => none };
  const bill = (usage: Partial<Record<MeterName, number>>, plan: "free" | "paid" = "paid") =>
    billOf({ ...none, ...usage }, { ...asked, plan });
  const aMonth = (count: number) => count / MONTH_S;

  it("is the plan alone as long as nothing is beyond what it includes", () => {
    expect(bill({}).dollars).toBe(5);
    expect(bill({ requests: aMonth(10_000_000) }).dollars).toBeCloseTo(5);
  });

  it.each<[MeterName, number, number]>([
    ["requests", 30_000_000, 6],
    ["cpu", 300_000_000, 5.4],
    ["objectCalls", 107_300_000, 15.945],
    ["objectDuration", 500_000, 1.25],
    ["rowsWritten", 60_000_000, 10],
    ["kvReads", 21_500_000, 5.75],
    ["kvLists", 21_000_000, 100],
    ["observability", 75, 6.25],
    ["observabilityKept", 20, 0.8],
  ])("of %s: %d a month are %d dollars", (meter, count, dollars) => {
    expect(bill({ [meter]: aMonth(count) }).dollars - 5).toBeCloseTo(dollars);
  });

  it("says what does not fit the free plan, and what to change; to the limit it fits", () => {
    const aDay = (count: number) => count / DAY_S;
    expect(bill({ requests: aDay(100_000), rowsWritten: aDay(100_000) }, "free").problems).toEqual([]);
    const { problems, dollars } = bill({ requests: aDay(100_001), kvLists: aDay(1_440) }, "free");
    expect(dollars).toBe(0);
    expect(problems).toEqual([
      "Requests: 100,001 a day, the free plan has 100,000. Take the paid plan.",
      "KV lists: 1,440 a day, the free plan has 1,000. Take the paid plan.",
    ]);
  });

  it("names the interval that would fit", () => {
    const checked = config({ web: { origins: origins("a"), health_check: { interval: 5 } } });
    const usage = { ...none, rowsWritten: 250_000 / DAY_S };
    const { problems } = billOf(usage, { ...asked, config: checked, plan: "free" });
    expect(problems).toEqual([
      'Rows written: 250,000 a day, the free plan has 100,000. Set "interval" of the checks to 13 s or more, or take the paid plan.',
    ]);
    expect(billOf(none, { ...asked, cpuMs: 11, plan: "free" }).problems).toEqual([
      "CPU: 11 ms a request, the free plan has 10. Take the paid plan.",
    ]);
  });

  it("names no interval where a longer one would not help, because busy isolates make the calls", () => {
    const checked = config({ web: { origins: origins("a", "b"), health_check: { interval: 30 } } });
    const usageWith = (web: typeof checked) => usageOf(web, { rps: 1, isolates: 1 }, ALL, readMeasured());
    const { problems } = billOf(usageWith(checked), { ...asked, config: checked, plan: "free", usageWith });
    expect(problems.join()).toMatch(
      /^Object calls .* There is one call a second from each busy isolate: take the paid plan\.$/,
    );
  });

  it("stands beside that of Cloudflare Load Balancing: endpoints, and DNS queries beyond the first half million", () => {
    expect(bill({}).loadBalancing).toEqual({ dollars: 15, isConfirmed: false });
    const queries = billOf(none, { ...asked, dnsQueries: 5_000_000, plan: "paid" });
    expect(queries.loadBalancing.dollars).toBe(15 + 4.5);
  });
});

describe("three origins checked every 10 s", () => {
  it("fit the free plan by what was counted, with an isolate that is busy for eighteen hours of the day", () => {
    const pool = { origins: origins("a", "b", "c"), health_check: { interval: 10 } };
    const measured = readMeasured();
    const web = config({ web: pool }, [{ pool: "web" }]);
    const busy = usageOf(web, { rps: 1.5, isolates: 1 }, ALL, measured);
    const idle = usageOf(web, { rps: 0.001, isolates: 1 }, ALL, measured);
    const aDay = (meter: MeterName) => (busy[meter] * 0.75 + idle[meter] * 0.25) * DAY_S;
    // A request and a half each second for eighteen hours is what the plan has of those.
    for (const { name, freePerDay } of METERS) {
      if (freePerDay !== null) expect(aDay(name), name).toBeLessThanOrEqual(freePerDay);
    }
    expect(aDay("rowsWritten")).toBeLessThan(25_000);
    expect(aDay("kvWrites")).toBe(0);
  });
});

describe("the price list", () => {
  it("is the one that docs/operations.md shows", () => {
    const docs = readFileSync(join(PROJECT, "docs/operations.md"), "utf8");
    for (const { source } of METERS) expect(docs).toContain(source);
  });
});
