import { describe, expect, it } from "vitest";
import { EventQueue } from "../../../sim/lib/event-queue.ts";
import { expectedSplit, type Share, sharesOf } from "../../../sim/lib/expected-split.ts";
import { parseOptions } from "../../../sim/lib/options.ts";
import { picture } from "../../../sim/lib/picture.ts";
import { Rng } from "../../../sim/lib/rng.ts";
import { SlidingWindow } from "../../../sim/lib/sliding-window.ts";
import { meanTime, tails } from "../../../sim/lib/theory.ts";
import { parsePool } from "../../../src/config/parse.ts";
import { origins, simulated } from "./support.ts";

describe("the queue", () => {
  it("is ordered by time, and by entry for equal times", async () => {
    const queue = new EventQueue();
    const rng = new Rng(1);
    const expected: [number, number][] = [];
    const seen: [number, number][] = [];
    for (let entry = 0; entry < 1_000; entry++) {
      const atMs = rng.integer(50);
      expected.push([atMs, entry]);
      queue.at(atMs, () => seen.push([queue.nowMs, entry]));
    }
    await queue.run(50);
    expect(seen).toEqual(expected.sort(([a, first], [b, second]) => a - b || first - second));
  });

  it("runs the promises that an event settles to their end before the next event", async () => {
    const queue = new EventQueue();
    const seen: string[] = [];
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    void settled.then(() => Promise.resolve()).then(() => seen.push("promise"));
    queue.at(1, () => {
      settle();
      queue.settle();
    });
    queue.at(1, () => seen.push("next event"));
    await queue.run(2);
    expect(seen).toEqual(["promise", "next event"]);
  });
});

describe("the sliding window", () => {
  it("contains exactly the events of the last second", () => {
    const window = new SlidingWindow();
    expect([0, 0.5, 999.9, 1_000, 1_000.5, 5_000].map((atMs) => window.add(atMs))).toEqual([
      1, 2, 3, 3, 3, 1,
    ]);
  });

  it("agrees with counting, for many at once too", () => {
    const rng = new Rng(2);
    const window = new SlidingWindow();
    const times: number[] = [];
    for (let atMs = 0; atMs < 5_000; atMs += rng.exponential(2)) {
      times.push(atMs);
      expect(window.add(atMs)).toBe(times.filter((earlier) => atMs - earlier < 1_000).length);
    }
  });
});

describe("the expected split", () => {
  const share = (id: string, weight: number, limit = Number.POSITIVE_INFINITY, backup = false): Share => {
    return { id, weight, limit, backup, inOrder: false };
  };
  const split = (shares: Share[], offered: number, down: string[] = []): number[] => [
    ...expectedSplit(shares, offered, (id) => down.includes(id)).values(),
  ];

  it("follows the weights; requests beyond a limit go to the others, then to backups", () => {
    expect(split([share("a", 3), share("b", 1)], 100)).toEqual([75, 25]);
    expect(split([share("a", 3, 30), share("b", 1, 50), share("c", 1)], 100)).toEqual([30, 35, 35]);
    expect(split([share("a", 1, 30), share("b", 1, 30), share("c", 1, 25, true)], 100)).toEqual([30, 30, 25]);
    expect(split([share("a", 1), share("b", 1)], 100, ["a"])).toEqual([0, 100]);
    expect(split([share("a", 1)], 100, ["a"])).toEqual([0]);
  });

  it("fills one after the other where the algorithm does", () => {
    const inOrder = (...shares: Share[]): Share[] => shares.map((each) => ({ ...each, inOrder: true }));
    const three = inOrder(share("a", 9, 30), share("b", 1, 50), share("c", 1, 25, true));
    expect(split(three, 20)).toEqual([20, 0, 0]);
    expect(split(three, 100)).toEqual([30, 50, 20]);
    expect(split(three, 40, ["a"])).toEqual([0, 40, 0]);
  });

  it("takes what an origin has room for from its connections and the time it works on a request", () => {
    const parsed = parsePool({
      algorithm: "first",
      origins: [{ id: "a", url: "https://a.example.com", max_connections: 4 }],
    });
    if (!parsed.ok) throw new Error("the pool is good");
    expect(sharesOf(parsed.value, () => 100)).toMatchObject([{ limit: 40, inOrder: true }]);
    expect(sharesOf(parsed.value)).toMatchObject([{ limit: Number.POSITIVE_INFINITY }]);
  });
});

describe("the supermarket model", () => {
  it.each([
    // Mitzenmacher, IEEE TPDS 12(10), 2001.
    [0.5, 2, 1.26569],
    [0.7, 3, 1.35684],
    [0.9, 1, 10],
    [0.9, 2, 2.61406],
    [0.95, 2, 3.38305],
    [0.99, 5, 2.90168],
  ])("at %f with %i choices has a mean time of %f", (rho, d, time) => {
    expect(meanTime(tails(rho, d, 1), rho, 1)).toBeCloseTo(time, 4);
  });

  it.each([
    // M/M/c by Erlang's C.
    [2, 1.960_78],
    [4, 1.357_22],
  ])("with %i workers and one choice is M/M/c", (workers, time) => {
    expect(meanTime(tails(0.7, 1, workers), 0.7, workers)).toBeCloseTo(time, 3);
  });
});

describe("the picture", () => {
  it("has a chart for each kind of data, in well-formed SVG without an invalid number", async () => {
    const results = await simulated(
      { algorithm: "p2c", origins: origins("a", "b"), rate_limit: 30 },
      "--rps 100 --seconds 5 --workers 1 --fail a@2",
    );
    const svg = picture(results);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.match(/class="title"/g)).toHaveLength(5);
    const open = svg.match(/<(g|svg|title|style|text)\b/g)?.length;
    expect(svg.match(/<\/(g|svg|title|style|text)>/g)).toHaveLength(open ?? 0);
  });
});

describe("the command line", () => {
  const wrong = (args: string): string => {
    try {
      parseOptions(args.split(" "));
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };

  it.each([
    ["--rps 5", "--config: a configuration file is missing"],
    ["--config f --rps fast", '--rps: must be a number from 0.001 to 1000000, got "fast"'],
    ["--config f --isolates 1.5", '--isolates: must be a whole number, got "1.5"'],
    ["--config f --fail a", '--fail: must be ORIGIN@SECOND, as in a@20, got "a"'],
    ["--config f --burst 5", '--burst: must be FACTOR@SECOND+SECONDS, as in 5@20+10, got "5"'],
    ["--config f --outage 5", '--outage: must be SECOND+SECONDS, as in 20+5, got "5"'],
    ["--config f --latency 80-3", '--latency: must be a number from 80 to 60000, got "3"'],
    ["--config f --speed 5", "Unknown option '--speed'"],
  ])("%s: says what is wrong", (args, message) => {
    expect(wrong(args)).toContain(message);
  });

  it("takes several failures, bursts and times with fractions", () => {
    const options = parseOptions("--config f --fail a@1.5 --fail b@3 --burst 2@4+1 --latency 7".split(" "));
    expect(options).toMatchObject({
      fails: [
        { origin: "a", atMs: 1_500 },
        { origin: "b", atMs: 3_000 },
      ],
      bursts: [{ fromMs: 4_000, toMs: 5_000, factor: 2 }],
      nearMs: 7,
      farMs: 7,
    });
  });
});
